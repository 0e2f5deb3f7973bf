#include "chat/chat_loss.h"

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

bool prompt_says(struct slice prompt, struct slice text)
{
    if (text.length == 0 ||
        (prompt.length > 0 && memmem(prompt.data, prompt.length, text.data, text.length)))
        return true;
    for (struct slice piece; (piece = next_piece(&text)).length > 0;) {
        const char *found =
            prompt.length > 0 ? memmem(prompt.data, prompt.length, piece.data, piece.length) : NULL;
        if (!found && !is_switch(piece))
            return false;
        if (found) {
            size_t at = (size_t)(found - prompt.data) + piece.length;
            prompt = (struct slice){ prompt.data + at, prompt.length - at };
        }
    }
    return true;
}

static bool has_role(const struct json *message, const char *role)
{
    return slice_equal(json_text(json_get(message, "role")), slice_of(role));
}

bool prompt_check(struct slice prompt, const struct conversation *conversation, struct error *err)
{
    const struct json *messages = conversation_messages(conversation);
    const struct json *tools = conversation_tools(conversation), *last = NULL;
    for (size_t i = 0; i < json_size(messages); i++) {
        const struct json *message = json_at(messages, i);
        if (has_role(message, "user"))
            last = message;
        if (has_role(message, "system") &&
            !prompt_says(prompt, json_text(json_get(message, "content"))))
            return fail(err, ERROR_UNSUPPORTED, "the template leaves out the system message '%s'",
                        printable(json_text(json_get(message, "content"))));
    }
    for (size_t i = 0; i < json_size(tools); i++) {
        struct slice name = json_text(json_get(json_get(json_at(tools, i), "function"), "name"));
        if (!prompt_says(prompt, name))
            return fail(err, ERROR_UNSUPPORTED, "the template leaves out the tool '%s'",
                        printable(name));
    }
    return prompt_says(prompt, json_text(json_get(last, "content"))) ||
           fail(err, ERROR_UNSUPPORTED, "the template leaves out the user's last message");
}

static bool says_call(struct slice prompt, const struct json *call)
{
    const struct json *function = json_get(call, "function");
    const struct json *arguments = json_get(function, "arguments");
    if (!prompt_says(prompt, json_text(json_get(function, "name"))))
        return false;
    for (const struct json_member *m = json_first(arguments); m; m = json_next(arguments, m))
        if (!prompt_says(prompt, json_member_key(m)) ||
            !prompt_says(prompt, json_text(json_member_value(m))))
            return false;
    return true;
}

bool prompt_is_complete(struct slice prompt, const struct conversation *conversation)
{
    const struct json *messages = conversation_messages(conversation);
    for (size_t i = 0; i < json_size(messages); i++) {
        const struct json *message = json_at(messages, i), *calls = json_get(message, "tool_calls");
        if ((has_role(message, "user") || has_role(message, "tool")) &&
            !prompt_says(prompt, json_text(json_get(message, "content"))))
            return false;
        for (size_t k = 0; k < json_size(calls); k++)
            if (!says_call(prompt, json_at(calls, k)))
                return false;
    }
    return true;
}
