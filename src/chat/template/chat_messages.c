#include "chat/template/chat_messages.h"

#include <stdlib.h>

#include "base/table.h"

/* What is known while results look for their calls. */
struct numbering {
    struct table by_id;
    size_t next;                    /* number of the next call */
    const struct chat_call *latest; /* those of the assistant's latest message */
    size_t n_latest;
    size_t n_results; /* that came since */
};

static const char *const role_names[] = { "system", "user", "assistant", "tool" };

const char *chat_role_name(enum chat_role role)
{
    return role_names[role];
}

static bool fail_arena(struct error *err)
{
    return fail(err, ERROR_MEMORY, "the conversation takes more memory than there is");
}

bool chat_messages_add(struct chat_messages *list, struct chat_message message, struct error *err)
{
    if (list->count == list->capacity) {
        size_t capacity = size_max(16, list->capacity * 2);
        struct chat_message *items = arena_alloc_array(list->arena, capacity, sizeof *items);
        if (!items)
            return fail_arena(err);
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = message;
    return true;
}

bool chat_join(struct slice *out, struct slice a, const char *between, struct slice b,
               struct arena *arena, struct error *err)
{
    if (a.length == 0 || b.length == 0) {
        *out = a.length == 0 ? b : a;
        return true;
    }
    size_t n = strlen(between), length = a.length + n + b.length;
    char *joined = arena_alloc(arena, length);
    if (!joined)
        return fail_arena(err);
    memcpy(joined, a.data, a.length);
    memcpy(joined + a.length, between, n);
    memcpy(joined + a.length + n, b.data, b.length);
    *out = (struct slice){ joined, length };
    return true;
}

static enum chat_role role_of(const struct json *message)
{
    struct slice role = json_text(json_get(message, "role"));
    for (size_t i = 0; i < COUNT_OF(role_names); i++)
        if (slice_equal(role, slice_of(role_names[i])))
            return (enum chat_role)i;
    return CHAT_USER; /* a conversation has no others */
}

static bool read_calls(struct chat_message *out, const struct json *calls, struct numbering *n,
                       struct arena *arena, struct error *err)
{
    size_t count = json_size(calls);
    struct chat_call *list = arena_alloc_array(arena, count + 1, sizeof *list);
    if (!list)
        return fail_arena(err);
    n->latest = list;
    n->n_latest = count;
    n->n_results = 0;
    for (size_t i = 0; i < count; i++) {
        const struct json *call = json_at(calls, i), *function = json_get(call, "function");
        list[i] = (struct chat_call){ .id = json_text(json_get(call, "id")),
                                      .name = json_text(json_get(function, "name")),
                                      .arguments = json_get(function, "arguments"),
                                      .number = n->next++ };
        if (list[i].id.length > 0 && !table_put(&n->by_id, list[i].id, list[i].number))
            return fail_arena(err);
    }
    out->calls = list;
    out->n_calls = count;
    return true;
}

/* By id, without one by order. */
static void find_call(struct chat_message *result, struct numbering *n)
{
    uint64_t number;
    size_t index = n->n_results++;
    if (result->call_id.length > 0) {
        bool is_known = table_get(&n->by_id, result->call_id, &number);
        result->answers = is_known ? (uint32_t)number : NO_CALL;
    } else if (index < n->n_latest) {
        result->answers = (uint32_t)n->latest[index].number;
        result->call_id = n->latest[index].id;
    }
}

static bool read_message(struct chat_messages *list, const struct json *json, struct numbering *n,
                         struct error *err)
{
    struct chat_message message = {
        .role = role_of(json),
        .content = json_text(json_get(json, "content")),
        .thinking = json_text(json_get(json, "thinking")),
        .tool_name = json_text(json_get(json, "tool_name")),
        .call_id = json_text(json_get(json, "tool_call_id")),
        .answers = NO_CALL,
    };
    if (message.role == CHAT_TOOL)
        find_call(&message, n);
    if (message.role == CHAT_ASSISTANT &&
        !read_calls(&message, json_get(json, "tool_calls"), n, list->arena, err))
        return false;
    return chat_messages_add(list, message, err);
}

static int by_call(const void *a, const void *b)
{
    const struct chat_message *x = *(struct chat_message *const *)a;
    const struct chat_message *y = *(struct chat_message *const *)b;
    if (x->answers != y->answers)
        return x->answers < y->answers ? -1 : 1;
    return x < y ? -1 : x > y;
}

/* Results in the order of their calls: many templates write no ids, so that only the order tells
 * which is which. */
static bool sort_results(struct chat_messages *list, size_t begin, size_t end, struct error *err)
{
    size_t n = end - begin;
    struct chat_message **order = arena_alloc_array(list->arena, n, sizeof *order);
    struct chat_message *sorted = arena_alloc_array(list->arena, n, sizeof *sorted);
    if (!order || !sorted)
        return fail_arena(err);
    for (size_t i = 0; i < n; i++)
        order[i] = &list->items[begin + i];
    qsort(order, n, sizeof *order, by_call);
    for (size_t i = 0; i < n; i++)
        sorted[i] = *order[i];
    memcpy(&list->items[begin], sorted, n * sizeof *sorted);
    return true;
}

static bool sort_all_results(struct chat_messages *list, struct error *err)
{
    for (size_t i = 0, end; i < list->count; i = end) {
        for (end = i; end < list->count && list->items[end].role == CHAT_TOOL;)
            end++;
        if (end > i + 1 && !sort_results(list, i, end, err))
            return false;
        end = size_max(end, i + 1);
    }
    return true;
}

bool chat_messages_read(struct chat_messages *out, const struct json *messages, struct arena *arena,
                        struct error *err)
{
    struct numbering n = { .next = 0 };
    *out = (struct chat_messages){ .arena = arena };
    bool ok = table_init(&n.by_id, 16) || fail_arena(err);
    for (size_t i = 0; ok && i < json_size(messages); i++)
        ok = read_message(out, json_at(messages, i), &n, err);
    table_release(&n.by_id);
    return ok && sort_all_results(out, err);
}
