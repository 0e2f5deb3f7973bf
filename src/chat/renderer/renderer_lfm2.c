/* LFM2 and LFM2.5: <|im_start|> turns, calls as a list of Python's. */
#include "chat/renderer/renderer_json.h"

static const struct json_style spaced = { .spaced = true, .escape = ESCAPE_LITTLE };

static size_t put_system(struct prompt *p)
{
    bool has_system = p->n_messages && is_role(&p->messages[0], "system");
    struct slice system = has_system ? p->messages[0].content : slice_of("");
    if (system.length == 0 && p->n_tools == 0)
        return has_system;
    put_between(p, "<|im_start|>system\n", system, system.length && p->n_tools ? "\n" : "");
    put(p, p->n_tools ? "List of tools: <|tool_list_start|>[" : "");
    for (size_t i = 0; i < p->n_tools; i++) {
        const struct json *tool = json_at(p->tools, i), *function = json_get(tool, "function");
        put(p, i ? ", " : "");
        if (json_text(json_get(function, "name")).length)
            put_function(p, function, spaced);
        else
            put_tool(p, tool, spaced);
    }
    put(p, p->n_tools ? "]<|tool_list_end|>" : "");
    put(p, "<|im_end|>\n");
    return has_system;
}

static void put_calls(struct prompt *p, const struct message *m)
{
    put(p, "<|tool_call_start|>[");
    for (size_t i = 0; i < m->n_calls; i++) {
        size_t n;
        const struct named_value *arguments = sorted_members(p, call_arguments(m, i), &n);
        put_between(p, i ? "," : "", call_name(m, i), "(");
        for (size_t k = 0; k < n; k++) {
            put_between(p, k ? "," : "", arguments[k].name, "=");
            put_json(p, arguments[k].value, spaced);
        }
        put(p, ")");
    }
    put(p, "]<|tool_call_end|>");
}

static struct slice content_of(struct prompt *p, const struct message *m, size_t *n_images)
{
    if (p->image_tags)
        return image_tagged(p, m->content, m, n_images);
    if (has(m->content, "<image>"))
        return m->content;
    return image_padded(p, m->content, m, "<image>");
}

/* Drop what was written since `begin`, up to the last closing tag, and the white space around. */
static void drop_thoughts(struct prompt *p, size_t begin)
{
    if (p->failed)
        return;
    struct slice turn = slice_from(text_slice(p->out), begin);
    size_t end = find_last(turn, "</think>");
    if (end == SIZE_MAX)
        return;
    struct slice rest = trim_space(slice_from(turn, end + strlen("</think>")));
    memmove(p->out->data + begin, rest.data, rest.length);
    p->out->length = begin + rest.length;
    p->out->data[p->out->length] = '\0';
}

/* Thoughts, then calls, then words. */
static void put_assistant(struct prompt *p, const struct message *m, struct slice content,
                          bool tells_thoughts, bool keeps_thoughts)
{
    bool adds_calls = m->n_calls && !has(content, "<|tool_call_start|>");
    size_t begin = p->out->length;
    if (tells_thoughts && m->thinking.length && !has(content, "</think>"))
        put_between(p, "<think>", m->thinking, "</think>");
    if (adds_calls) {
        put_calls(p, m);
        put(p, trim_space(content).length ? "\n" : "");
    }
    put_slice(p, content);
    if (!keeps_thoughts)
        drop_thoughts(p, begin);
}

static void render(struct prompt *p, bool is_thinking)
{
    size_t n_images = 0, last_answer = last_message(p, "assistant");
    put(p, "<|startoftext|>");
    size_t first = put_system(p);
    for (size_t i = 0; i < first; i++)
        n_images += p->messages[i].n_images;
    for (size_t i = first; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        struct slice content = content_of(p, m, &n_images);
        bool is_model = is_role(m, "assistant"), is_last = i + 1 == p->n_messages;
        put_between(p, "<|im_start|>", m->role, "\n");
        if (is_model)
            put_assistant(p, m, content, is_thinking,
                          i == last_answer || (is_thinking && p->think.is_on));
        else if (is_role(m, "tool") && !has(content, "<|tool_response_start|>"))
            put_between(p, "<|tool_response_start|>", content, "<|tool_response_end|>");
        else
            put_slice(p, content);
        put(p, is_model && is_last ? "" : "<|im_end|>\n");
    }
    if (p->n_messages == 0 || !is_role(&p->messages[p->n_messages - 1], "assistant"))
        put(p, "<|im_start|>assistant\n");
}

void render_lfm2(struct prompt *p)
{
    render(p, false);
}

void render_lfm2_thinking(struct prompt *p)
{
    render(p, true);
}
