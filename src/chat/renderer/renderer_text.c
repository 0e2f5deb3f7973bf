#include "chat/renderer/renderer_text.h"

#include "base/utf8.h"

#include <stdio.h>

void prompt_refuse(struct prompt *p, enum error_code code, const char *reason)
{
    if (!p->failed)
        (void)fail(p->err, code, "%s", reason);
    p->failed = true;
}

void put_slice(struct prompt *p, struct slice slice)
{
    if (!p->failed && !text_append_slice(p->out, slice))
        prompt_refuse(p, ERROR_MEMORY, "the prompt does not fit the memory it may take");
}

void put(struct prompt *p, const char *string)
{
    put_slice(p, slice_of(string));
}

void put_between(struct prompt *p, const char *before, struct slice slice, const char *after)
{
    put(p, before);
    put_slice(p, slice);
    put(p, after);
}

void put_count(struct prompt *p, size_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%zu", number);
    put(p, digits);
}

void put_im_turn(struct prompt *p, struct slice role, struct slice content)
{
    put_between(p, "<|im_start|>", role, "\n");
    put_slice(p, content);
    put(p, "<|im_end|>\n");
}

void put_im_tool_result(struct prompt *p, size_t index, struct slice content)
{
    const struct message *m = &p->messages[index];
    if (index == 0 || !is_role(m - 1, "tool"))
        put(p, "<|im_start|>user");
    put_between(p, "\n<tool_response>\n", content, "\n</tool_response>");
    if (index + 1 == p->n_messages || !is_role(m + 1, "tool"))
        put(p, "<|im_end|>\n");
}

const char function_call_rules[] =
    "If you choose to call a function ONLY reply in the following format with NO suffix:\n\n"
    "<tool_call>\n<function=example_function_name>\n<parameter=example_parameter_1>\n"
    "value_1\n</parameter>\n<parameter=example_parameter_2>\nThis is the value for the second "
    "parameter\nthat can span\nmultiple lines\n</parameter>\n</function>\n</tool_call>\n\n"
    "<IMPORTANT>\nReminder:\n- Function calls MUST follow the specified format: an inner "
    "<function=...></function> block must be nested within <tool_call></tool_call> XML tags\n"
    "- Required parameters MUST be specified\n- You may provide optional reasoning for your "
    "function call in natural language BEFORE the function call, but NOT after\n- If there is no "
    "function call available, answer the question like normal with your current knowledge and do "
    "not tell the user about function calls\n</IMPORTANT>";

/* ---- looking ---- */

bool is_role(const struct message *message, const char *role)
{
    return slice_is(message->role, role);
}

struct slice trim_lines_start(struct slice text)
{
    while (text.length && text.data[0] == '\n')
        text = slice_from(text, 1);
    return text;
}

struct slice trim_lines_end(struct slice text)
{
    while (text.length && text.data[text.length - 1] == '\n')
        text.length--;
    return text;
}

/* ---- making ---- */

/* Scratch memory; NULL once the prompt failed. */
static char *scratch(struct prompt *p, size_t n_bytes)
{
    char *bytes = p->failed ? NULL : arena_alloc(p->scratch, n_bytes + 1);
    if (!bytes)
        prompt_refuse(p, ERROR_MEMORY, "the prompt does not fit the memory it may take");
    return bytes;
}

struct slice joined(struct prompt *p, const struct slice *parts, size_t n_parts)
{
    size_t length = 0;
    for (size_t i = 0; i < n_parts; i++)
        length += parts[i].length;
    char *bytes = scratch(p, length);
    if (!bytes)
        return slice_of("");
    size_t at = 0;
    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i].length)
            memcpy(bytes + at, parts[i].data, parts[i].length);
        at += parts[i].length;
    }
    return (struct slice){ bytes, length };
}

struct slice replaced(struct prompt *p, struct slice text, const char *old, const char *new)
{
    size_t n_old = strlen(old), n_new = strlen(new), count = 0, at = 0;
    for (size_t next; (next = find_first(slice_from(text, at), old)) != SIZE_MAX; count++)
        at += next + n_old;
    if (count == 0)
        return text;
    size_t length = text.length - count * n_old + count * n_new;
    char *bytes = scratch(p, length), *to = bytes;
    if (!bytes)
        return slice_of("");
    for (size_t next; (next = find_first(text, old)) != SIZE_MAX;) {
        memcpy(to, text.data, next);
        memcpy(to + next, new, n_new);
        to += next + n_new;
        text = slice_from(text, next + n_old);
    }
    if (text.length)
        memcpy(to, text.data, text.length);
    return (struct slice){ bytes, length };
}

struct slice upper_case(struct prompt *p, struct slice text)
{
    struct slice copy = joined(p, &text, 1);
    for (size_t i = 0; i < copy.length; i++)
        if (copy.data[i] >= 'a' && copy.data[i] <= 'z')
            ((char *)(uintptr_t)copy.data)[i] = (char)(copy.data[i] - 'a' + 'A');
    return copy;
}

/* Whether a tag in front of `content` needs a space between. */
static bool wants_space(struct slice content)
{
    return content.length && leading_space(content) == 0 &&
           utf8_length((const uint8_t *)content.data, content.length) > 0;
}

struct slice image_tagged(struct prompt *p, struct slice content, const struct message *message,
                          size_t *n_images)
{
    size_t first = *n_images;
    *n_images += message->n_images;
    if (message->n_images == 0 || has(content, "[img-"))
        return content;
    struct text tags, body;
    text_init(&tags, SIZE_MAX);
    text_init(&body, SIZE_MAX);
    bool ok = true;
    size_t i = first;
    for (size_t at; ok && i < *n_images && (at = find_first(content, "[img]")) != SIZE_MAX; i++) {
        ok = text_append_slice(&body, slice_to(content, at)) && text_printf(&body, "[img-%zu]", i);
        content = slice_from(content, at + strlen("[img]"));
    }
    for (; ok && i < *n_images; i++)
        ok = text_printf(&tags, "[img-%zu]", i);
    ok = ok && text_append_slice(&body, content);
    if (ok && tags.length && wants_space(text_slice(&body)))
        ok = text_append_byte(&tags, ' ');
    struct slice parts[] = { text_slice(&tags), text_slice(&body) };
    struct slice result = joined(p, parts, COUNT_OF(parts));
    if (!ok)
        prompt_refuse(p, ERROR_MEMORY, "the prompt does not fit the memory it may take");
    text_release(&tags);
    text_release(&body);
    return result;
}

struct slice image_padded(struct prompt *p, struct slice content, const struct message *message,
                          const char *placeholder)
{
    size_t n = strlen(placeholder);
    if (message->n_images == 0)
        return content;
    char *bytes = scratch(p, message->n_images * n + content.length);
    if (!bytes)
        return slice_of("");
    for (size_t i = 0; i < message->n_images; i++)
        memcpy(bytes + i * n, placeholder, n);
    if (content.length)
        memcpy(bytes + message->n_images * n, content.data, content.length);
    return (struct slice){ bytes, message->n_images * n + content.length };
}

void forget_role(struct prompt *p, const char *role)
{
    struct message *kept = arena_alloc_array(p->scratch, p->n_messages + 1, sizeof *kept);
    size_t n = 0;
    if (!kept) {
        prompt_refuse(p, ERROR_MEMORY, "the prompt does not fit the memory it may take");
        return;
    }
    for (size_t i = 0; i < p->n_messages; i++)
        if (!is_role(&p->messages[i], role))
            kept[n++] = p->messages[i];
    p->messages = kept;
    p->n_messages = n;
}

size_t last_message(const struct prompt *p, const char *role)
{
    for (size_t i = p->n_messages; i > 0; i--)
        if (is_role(&p->messages[i - 1], role))
            return i - 1;
    return SIZE_MAX;
}
