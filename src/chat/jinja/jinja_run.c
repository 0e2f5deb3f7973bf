#include "chat/jinja/jinja_run.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>

bool jinja_out_of_steps(struct jinja_run *run)
{
    run->steps_left = 0;
    return fail(run->error, ERROR_BUDGET, "the template takes more than %" PRIu64 " steps",
                run->limits.steps);
}

bool jinja_too_deep(struct jinja_run *run)
{
    return fail(run->error, ERROR_BUDGET, "the template nests deeper than %" PRIu32 " levels",
                run->limits.depth);
}

bool jinja_fail(struct jinja_run *run, const char *format, ...)
{
    char message[700];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    return fail(run->error, ERROR_FORMAT, "%s", message);
}

void *jinja_alloc(struct jinja_run *run, size_t count, size_t size)
{
    size_t limit = run->limits.memory_bytes;
    bool is_over = size && count > limit / size;
    size_t total = is_over ? limit : align_up(count * size, 16);
    is_over = is_over || total > limit - size_min(limit, arena_used(run->arena));
    void *memory = is_over ? NULL : arena_alloc(run->arena, total);
    if (is_over)
        fail(run->error, ERROR_BUDGET, "the template takes more than %zu bytes of memory", limit);
    else if (!memory)
        fail_memory(run->error, total, "a value of the template");
    return memory;
}

static size_t count_points(const char *data, size_t length)
{
    size_t n = 0;
    for (size_t i = 0; i < length; i++)
        n += (data[i] & 0xc0) != 0x80;
    return n;
}

static bool make_string(struct jinja_run *run, const char *data, size_t length, size_t n_points,
                        struct jinja_room *room, struct jinja_value *out)
{
    struct jinja_string *string = jinja_alloc(run, 1, sizeof *string);
    if (!string)
        return false;
    *string = (struct jinja_string){ data, length, n_points, room };
    *out = (struct jinja_value){ .kind = JINJA_STRING, .string = string };
    return true;
}

bool jinja_view_string(struct jinja_run *run, struct slice bytes, struct jinja_value *out)
{
    return jinja_spend_bytes(run, bytes.length) &&
           make_string(run, bytes.data, bytes.length, count_points(bytes.data, bytes.length), NULL,
                       out);
}

bool jinja_new_string(struct jinja_run *run, struct slice bytes, struct jinja_value *out)
{
    char *copy = jinja_alloc(run, bytes.length, 1);
    if (!copy)
        return false;
    if (bytes.length)
        memcpy(copy, bytes.data, bytes.length);
    return jinja_view_string(run, (struct slice){ copy, bytes.length }, out);
}

/* How much to reserve for something that has grown to `length`. What grew before will do so again;
 * what grows for the first time may be a prefix and its one suffix. */
static size_t room_for(size_t length, bool has_grown)
{
    return has_grown ? length + length / 2 + 64 : length + 48;
}

bool jinja_join_strings(struct jinja_run *run, const struct jinja_value *a,
                        const struct jinja_value *b, struct jinja_value *out)
{
    const struct jinja_string *left = a->string, *right = b->string;
    size_t length = left->length + right->length;
    if (left->length == 0 || right->length == 0) {
        *out = left->length ? *a : *b;
        out->detail = a->detail | b->detail;
        return true;
    }
    struct jinja_room *room = left->room;
    char *data = (char *)(uintptr_t)left->data;
    if (!room || room->used != left->length || room->capacity < length) {
        size_t capacity = room_for(length, room != NULL);
        room = jinja_alloc(run, 1, sizeof *room);
        data = room ? jinja_alloc(run, capacity, 1) : NULL;
        if (!data || !jinja_spend_bytes(run, left->length))
            return false;
        memcpy(data, left->data, left->length);
        room->capacity = capacity;
    }
    if (!jinja_spend_bytes(run, right->length))
        return false;
    memcpy(data + left->length, right->data, right->length);
    room->used = length;
    bool ok = make_string(run, data, length, left->n_points + right->n_points, room, out);
    out->detail = a->detail | b->detail;
    return ok;
}

static bool make_list(struct jinja_run *run, enum jinja_kind kind, const struct jinja_value *items,
                      size_t count, struct jinja_room *room, struct jinja_value *out)
{
    struct jinja_list *list = jinja_alloc(run, 1, sizeof *list);
    if (!list)
        return false;
    *list = (struct jinja_list){ items, count, room, false };
    *out = (struct jinja_value){ .kind = (uint8_t)kind, .list = list };
    return true;
}

bool jinja_new_list(struct jinja_run *run, enum jinja_kind kind, const struct jinja_value *items,
                    size_t count, struct jinja_value *out)
{
    return make_list(run, kind, items, count, NULL, out);
}

bool jinja_new_pair(struct jinja_run *run, const struct jinja_value *first,
                    const struct jinja_value *second, struct jinja_value *out)
{
    struct jinja_value *items = jinja_alloc(run, 2, sizeof *items);
    if (!items)
        return false;
    items[0] = *first;
    items[1] = *second;
    return jinja_new_list(run, JINJA_TUPLE, items, 2, out);
}

bool jinja_join_lists(struct jinja_run *run, const struct jinja_value *a,
                      const struct jinja_value *b, struct jinja_value *out)
{
    const struct jinja_list *left = a->list, *right = b->list;
    size_t count = left->count + right->count;
    struct jinja_room *room = left->room;
    struct jinja_value *items = (struct jinja_value *)(uintptr_t)left->items;
    if (!jinja_spend(run, right->count))
        return false;
    if (!room || room->used != left->count || room->capacity < count) {
        size_t capacity = room ? count + count / 2 + 4 : count + 2;
        room = jinja_alloc(run, 1, sizeof *room);
        items = room ? jinja_alloc(run, capacity, sizeof *items) : NULL;
        if (!items || !jinja_spend(run, left->count))
            return false;
        if (left->count)
            memcpy(items, left->items, left->count * sizeof *items);
        room->capacity = capacity;
    }
    if (right->count)
        memcpy(items + left->count, right->items, right->count * sizeof *items);
    room->used = count;
    return make_list(run, a->kind, items, count, room, out);
}

bool jinja_push(struct jinja_run *run, struct jinja_items *items, const struct jinja_value *value)
{
    if (items->count == items->capacity) {
        size_t capacity = items->capacity ? items->capacity * 2 : 8;
        struct jinja_value *larger = jinja_alloc(run, capacity, sizeof *larger);
        if (!larger)
            return false;
        if (items->count)
            memcpy(larger, items->items, items->count * sizeof *larger);
        items->items = larger;
        items->capacity = capacity;
    }
    items->items[items->count++] = *value;
    return true;
}

bool jinja_take(struct jinja_run *run, size_t mark, struct jinja_value *out)
{
    struct slice all = text_slice(run->out);
    struct slice tail = { all.data + mark, all.length - mark };
    bool ok = jinja_new_string(run, tail, out);
    text_truncate(run->out, mark);
    return ok;
}

bool jinja_write(struct jinja_run *run, struct slice bytes)
{
    if (!jinja_spend_bytes(run, bytes.length))
        return false;
    size_t limit = size_min(run->limits.output_bytes, run->out->limit - run->out_start);
    if (bytes.length > limit - size_min(limit, run->out->length - run->out_start))
        return fail(run->error, ERROR_BUDGET, "the template writes more than %zu bytes", limit);
    return text_append(run->out, bytes.data, bytes.length) ||
           fail_memory(run->error, bytes.length, "the text of the template");
}

bool jinja_write_byte(struct jinja_run *run, char byte)
{
    return jinja_write(run, (struct slice){ &byte, 1 });
}

bool jinja_write_point(struct jinja_run *run, uint32_t code_point)
{
    char bytes[4];
    return jinja_write(run, (struct slice){ bytes, utf8_encode(code_point, bytes) });
}

bool jinja_write_times(struct jinja_run *run, struct slice bytes, uint64_t times)
{
    char buffer[512];
    size_t copies = 0;
    bool ok = true;
    if (bytes.length == 0 || times == 0)
        return true;
    for (; bytes.length <= sizeof buffer / 2 && copies < sizeof buffer / bytes.length; copies++)
        memcpy(buffer + copies * bytes.length, bytes.data, bytes.length);
    while (ok && times > 0) {
        size_t n = times < copies ? (size_t)times : copies;
        ok = jinja_spend(run, 1) &&
             jinja_write(run, n ? (struct slice){ buffer, n * bytes.length } : bytes);
        times -= n ? n : 1;
    }
    return ok;
}
