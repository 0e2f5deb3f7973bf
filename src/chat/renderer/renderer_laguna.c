/* Laguna and its successor: turns as XML elements, thoughts opened or closed in the prompt. */
#include "chat/renderer/renderer_json.h"

static const struct json_style spaced = { .spaced = true };

/* The system text; `*first` is the message to go on with. */
static struct slice system_text(const struct prompt *p, size_t *first)
{
    *first = p->n_messages && is_role(&p->messages[0], "system");
    if (*first)
        return p->messages[0].content;
    return slice_of("You are a helpful, conversationally-fluent assistant made by Poolside. You "
                    "are here to be helpful to users through natural language conversations.");
}

static void put_declarations(struct prompt *p)
{
    put(p, "### Tools\n\nYou may call functions to assist with the user query.\nAll available "
           "function signatures are listed below:\n<available_tools>\n");
    for (size_t i = 0; i < p->n_tools; i++) {
        put_tool(p, json_at(p->tools, i), spaced);
        put(p, "\n");
    }
    put(p, "</available_tools>");
}

/* Calls; the elder model has each element on a line of its own. */
static void put_calls(struct prompt *p, const struct message *m, const char *line)
{
    for (size_t i = 0; i < m->n_calls; i++) {
        const struct json *arguments = call_arguments(m, i);
        put_between(p, "<tool_call>", call_name(m, i), line);
        for (const struct json_member *a = json_first(arguments); a; a = json_next(arguments, a)) {
            put_between(p, "<arg_key>", json_member_key(a), "</arg_key>");
            put(p, line);
            put(p, "<arg_value>");
            put_argument(p, json_member_value(a), spaced);
            put(p, "</arg_value>");
            put(p, line);
        }
        put(p, "</tool_call>");
        put(p, line);
    }
}

/* ---- Laguna ---- */

static void put_system(struct prompt *p, struct slice system)
{
    bool has_text = trim_space(system).length > 0;
    if (!has_text && p->n_tools == 0)
        return;
    put_between(p, "<system>\n", has_text ? slice_of("\n") : slice_of(""), "");
    put_slice(p, trim_right(system));
    if (p->n_tools) {
        put(p, "\n\n");
        put_declarations(p);
        put(p, "\n\n");
        put(p, p->think.is_on ? "Wrap your thinking in '<think>', '</think>' tags, followed by a "
                                "function call. "
                              : "");
        put(p, "For each function call, return an unescaped XML-like object with function name "
               "and arguments within '<tool_call>' and '</tool_call>' tags, like here:\n");
        put(p, p->think.is_on ? "<think> your thoughts here </think>\n" : "");
        put(p, "<tool_call>function-name\n<arg_key>argument-key</arg_key>\n"
               "<arg_value>value-of-argument-key</arg_value>\n</tool_call>");
    }
    put(p, "\n</system>\n");
}

/* Thoughts that still stand in the content move out of it, unless others are known. */
static void split_thoughts(struct slice *content, struct slice *thoughts)
{
    size_t first = find_first(*content, "</think>"), last = find_last(*content, "</think>");
    if (first == SIZE_MAX)
        return;
    if (thoughts->length == 0) {
        struct slice before = trim_lines_end(slice_to(*content, first));
        size_t begin = find_last(before, "<think>");
        if (begin != SIZE_MAX)
            before = slice_from(before, begin + strlen("<think>"));
        *thoughts = trim_lines_start(before);
    }
    *content = trim_lines_start(slice_from(*content, last + strlen("</think>")));
}

static void put_assistant(struct prompt *p, const struct message *m, bool is_last)
{
    struct slice content = m->content, thoughts = m->thinking;
    split_thoughts(&content, &thoughts);
    content = trim_space(content);
    thoughts = trim_space(thoughts);
    put(p, "<assistant>\n");
    put_between(p, thoughts.length ? "<think>\n" : "", thoughts,
                thoughts.length ? "\n</think>\n" : "</think>\n");
    put_between(p, "", content, content.length ? "\n" : "");
    put_calls(p, m, "\n");
    /* The last turn goes on, unless there is nothing to go on with. */
    bool is_begun = is_last && (content.length || thoughts.length || m->n_calls);
    put(p, is_begun ? "" : "</assistant>\n");
}

void render_laguna(struct prompt *p)
{
    size_t first;
    put(p, "〈|EOS|〉");
    put_system(p, system_text(p, &first));
    for (size_t i = first; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "user"))
            put_between(p, "<user>\n", m->content, "\n</user>\n");
        else if (is_role(m, "assistant"))
            put_assistant(p, m, i + 1 == p->n_messages);
        else if (is_role(m, "tool"))
            put_between(p, "<tool_response>\n", m->content, "\n</tool_response>\n");
        else if (is_role(m, "system"))
            put_between(p, "<system>\n", m->content, "\n</system>\n");
    }
    if (p->n_messages == 0 || !is_role(&p->messages[p->n_messages - 1], "assistant"))
        put(p, p->think.is_on ? "<assistant>\n<think>" : "<assistant>\n</think>");
}

/* ---- version 8 ---- */

static void put_system_v8(struct prompt *p, struct slice system)
{
    bool has_text = trim_space(system).length > 0;
    if (!has_text && p->n_tools == 0 && !p->think.is_on)
        return;
    put_between(p, "<system>", trim_right(system), has_text && p->n_tools ? "\n\n" : "");
    if (p->n_tools)
        put_declarations(p);
    put(p, "</system>\n");
}

static void put_assistant_v8(struct prompt *p, const struct message *m)
{
    put(p, "<assistant>");
    if (p->think.is_on)
        put_between(p, "<think>", m->thinking, "");
    put_between(p, "</think>", m->content, "");
    put_calls(p, m, "");
    put(p, "</assistant>\n");
}

void render_laguna_v8(struct prompt *p)
{
    size_t first;
    put(p, "〈|EOS|〉");
    put_system_v8(p, system_text(p, &first));
    for (size_t i = first; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "user"))
            put_between(p, "<user>", m->content, "</user>\n");
        else if (is_role(m, "assistant"))
            put_assistant_v8(p, m);
        else if (is_role(m, "tool"))
            put_between(p, "<tool_response>", m->content, "</tool_response>\n");
        else if (is_role(m, "system"))
            put_between(p, "<system>", m->content, "</system>\n");
    }
    put(p, p->think.is_on ? "<assistant><think>" : "<assistant></think>");
}
