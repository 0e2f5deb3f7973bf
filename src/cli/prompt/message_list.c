#include "cli/prompt/message_list.h"

/* More than any context holds, in a spelling that may take six bytes for one. */
static const size_t LIMIT_BYTES = (size_t)1 << 30;

void message_list_init(struct message_list *list)
{
    *list = (struct message_list){ 0 };
    text_init(&list->json, LIMIT_BYTES);
}

void message_list_release(struct message_list *list)
{
    text_release(&list->json);
    list->count = 0;
}

struct message_mark message_list_mark(const struct message_list *list)
{
    return (struct message_mark){ list->json.length, list->count };
}

void message_list_return(struct message_list *list, struct message_mark mark)
{
    text_truncate(&list->json, mark.length);
    list->count = mark.count;
}

/* What was appended since the mark is one message, if all of it could be written. */
static bool end_message(struct message_list *list, struct message_mark begin, bool is_written,
                        struct error *err)
{
    if (is_written) {
        list->count++;
        return true;
    }
    message_list_return(list, begin);
    return fail(err, ERROR_BUDGET, "the messages take more than %zu bytes, or memory is out",
                LIMIT_BYTES);
}

static bool begin_message(struct message_list *list)
{
    return list->count == 0 || text_append_byte(&list->json, ',');
}

static bool write_member(struct text *out, const char *name, struct slice value)
{
    return text_printf(out, ",\"%s\":", name) && json_write_string(out, value);
}

static bool write_opening(struct message_list *list, const char *role, struct slice content)
{
    return begin_message(list) && text_append_string(&list->json, "{\"role\":") &&
           json_write_string(&list->json, slice_of(role)) &&
           write_member(&list->json, "content", content);
}

bool message_list_push(struct message_list *list, const char *role, struct slice content,
                       struct error *err)
{
    struct message_mark begin = message_list_mark(list);
    bool ok = write_opening(list, role, content) && text_append_byte(&list->json, '}');
    return end_message(list, begin, ok, err);
}

bool message_list_push_answer(struct message_list *list, struct slice thinking,
                              struct slice content, struct slice calls, struct error *err)
{
    struct message_mark begin = message_list_mark(list);
    struct text *out = &list->json;
    bool ok = write_opening(list, "assistant", content) &&
              (thinking.length == 0 || write_member(out, "thinking", thinking));
    if (ok && calls.length)
        ok = text_append_string(out, ",\"tool_calls\":[") && text_append_slice(out, calls) &&
             text_append_byte(out, ']');
    ok = ok && text_append_byte(out, '}');
    return end_message(list, begin, ok, err);
}

bool message_list_push_all(struct message_list *list, const struct json *messages,
                           struct error *err)
{
    struct message_mark before = message_list_mark(list);
    for (size_t i = 0; i < json_size(messages); i++) {
        bool ok = begin_message(list) && json_write(&list->json, json_at(messages, i));
        if (!end_message(list, before, ok, err))
            return false;
    }
    return true;
}

bool message_list_open(const struct json **out, struct message_list *list, struct error *err)
{
    struct text array;
    text_init(&array, LIMIT_BYTES + 2);
    bool ok =
        (text_append_byte(&array, '[') && text_append_slice(&array, text_slice(&list->json)) &&
         text_append_byte(&array, ']')) ||
        fail_memory(err, list->json.length, "messages");
    ok = ok && json_open(out, array.data, array.length, "the messages", err);
    text_release(&array);
    return ok;
}
