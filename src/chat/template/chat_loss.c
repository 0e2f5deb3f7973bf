#include "chat/template/chat_loss.h"

/* What stays together whatever a template does: no white space, and nothing that some way of
 * escaping changes. */
static bool is_plain(char c)
{
    return (unsigned char)c > ' ' && !strchr("\"'\\<>&`", c) && c != 0x7f;
}

static struct slice next_piece(struct slice *text)
{
    size_t begin = 0, end;
    while (begin < text->length && !is_plain(text->data[begin]))
        begin++;
    for (end = begin; end < text->length && is_plain(text->data[end]);)
        end++;
    struct slice piece = { text->data + begin, end - begin };
    *text = (struct slice){ text->data + end, text->length - end };
    return piece;
}

/* Words by which a user switches thinking; templates obey them and take them out. */
static bool is_switch(struct slice piece)
{
    static const char *const switches[] = { "/think", "/no_think", "/nothink" };
    for (size_t i = 0; i < COUNT_OF(switches); i++)
        if (slice_equal(piece, slice_of(switches[i])))
            return true;
    return false;
}

/* A prompt that is searched for one text after the other. Most stand in the order of the
 * conversation, so that looking on from the latest finds them without reading all again. */
struct search {
    struct slice prompt;
    size_t at;
    uint64_t work_left; /* bytes; what takes longer is taken for found */
};

/* Where `needle` is first found from `from` on, or SIZE_MAX; "" is everywhere. */
static size_t find_from(struct search *s, size_t from, struct slice needle)
{
    const char *begin = s->prompt.data + from;
    size_t length = s->prompt.length - from;
    const char *found = length > 0 ? memmem(begin, length, needle.data, needle.length) : NULL;
    uint64_t work = (found ? (size_t)(found - begin) : length) + needle.length + 16;
    s->work_left -= work < s->work_left ? work : s->work_left;
    if (needle.length == 0)
        return from;
    return found ? (size_t)(found - s->prompt.data) : SIZE_MAX;
}

static bool says_pieces(struct search *s, struct slice text)
{
    size_t at = 0;
    for (struct slice piece; (piece = next_piece(&text)).length > 0;) {
        size_t found = find_from(s, at, piece);
        if (found == SIZE_MAX && !is_switch(piece))
            return false;
        if (found != SIZE_MAX)
            at = found + piece.length;
    }
    return true;
}

static bool says(struct search *s, struct slice text)
{
    if (s->work_left == 0)
        return true;
    size_t found = find_from(s, s->at, text);
    if (found == SIZE_MAX && s->at > 0)
        found = find_from(s, 0, text);
    if (found == SIZE_MAX)
        return says_pieces(s, text);
    s->at = found + text.length;
    return true;
}

static struct search search_of(struct slice prompt)
{
    if (!prompt.data)
        prompt = slice_of("");
    return (struct search){ prompt, 0, 256 * (uint64_t)prompt.length + (1 << 20) };
}

bool prompt_says(struct slice prompt, struct slice text)
{
    struct search s = search_of(prompt);
    return says(&s, text);
}

static bool has_role(const struct json *message, const char *role)
{
    return slice_equal(json_text(json_get(message, "role")), slice_of(role));
}

static struct slice content_of(const struct json *message)
{
    return json_text(json_get(message, "content"));
}

static bool check_system(struct search *s, const struct json *messages, struct error *err)
{
    for (size_t i = 0; i < json_size(messages); i++) {
        const struct json *message = json_at(messages, i);
        if (has_role(message, "system") && !says(s, content_of(message)))
            return fail(err, ERROR_UNSUPPORTED, "the template leaves out the system message '%s'",
                        printable(content_of(message)));
    }
    return true;
}

static bool check_tools(struct search *s, const struct json *tools, struct error *err)
{
    for (size_t i = 0; i < json_size(tools); i++) {
        struct slice name = json_text(json_get(json_get(json_at(tools, i), "function"), "name"));
        if (!says(s, name))
            return fail(err, ERROR_UNSUPPORTED, "the template leaves out the tool '%s'",
                        printable(name));
    }
    return true;
}

bool prompt_check(struct slice prompt, const struct conversation *conversation, struct error *err)
{
    const struct json *messages = conversation_messages(conversation), *last = NULL;
    for (size_t i = json_size(messages); i > 0 && !last; i--)
        if (has_role(json_at(messages, i - 1), "user"))
            last = json_at(messages, i - 1);
    struct search s = search_of(prompt);
    if (!check_system(&s, messages, err))
        return false;
    s.at = 0;
    return check_tools(&s, conversation_tools(conversation), err) &&
           (says(&s, content_of(last)) ||
            fail(err, ERROR_UNSUPPORTED, "the template leaves out the user's last message"));
}

static bool says_call(struct search *s, const struct json *call)
{
    const struct json *function = json_get(call, "function");
    const struct json *arguments = json_get(function, "arguments");
    if (!says(s, json_text(json_get(function, "name"))))
        return false;
    for (const struct json_member *m = json_first(arguments); m; m = json_next(arguments, m))
        if (!says(s, json_member_key(m)) || !says(s, json_text(json_member_value(m))))
            return false;
    return true;
}

bool prompt_is_complete(struct slice prompt, const struct conversation *conversation)
{
    const struct json *messages = conversation_messages(conversation);
    struct search s = search_of(prompt);
    for (size_t i = 0; i < json_size(messages); i++) {
        const struct json *message = json_at(messages, i), *calls = json_get(message, "tool_calls");
        if ((has_role(message, "user") || has_role(message, "tool")) &&
            !says(&s, content_of(message)))
            return false;
        for (size_t k = 0; k < json_size(calls); k++)
            if (!says_call(&s, json_at(calls, k)))
                return false;
    }
    return true;
}
