/* DeepSeek 3.1: one system text in front, then turns marked by full-width bars. */
#include "chat/renderer/renderer_json.h"

#define CALLS_BEGIN "<｜tool▁calls▁begin｜>"
#define CALLS_END   "<｜tool▁calls▁end｜>"
#define CALL_BEGIN  "<｜tool▁call▁begin｜>"
#define CALL_END    "<｜tool▁call▁end｜>"
#define CALL_SEP    "<｜tool▁sep｜>"
#define END         "<｜end▁of▁sentence｜>"

static void put_system(struct prompt *p)
{
    const char *separator = "";
    for (size_t i = 0; i < p->n_messages; i++) {
        if (!is_role(&p->messages[i], "system"))
            continue;
        put_between(p, separator, p->messages[i].content, "");
        separator = "\n\n";
    }
}

static void put_declarations(struct prompt *p)
{
    put(p, "\n\n## Tools\nYou have access to the following tools:\n");
    for (size_t i = 0; i < p->n_tools; i++) {
        const struct json *function = json_get(json_at(p->tools, i), "function");
        put_between(p, "\n### ", json_text(json_get(function, "name")), "");
        put_between(p, "\nDescription: ", json_text(json_get(function, "description")), "");
        put(p, "\n\nParameters: ");
        put_parameters(p, json_get(function, "parameters"), (struct json_style){ 0 });
        put(p, "\n");
    }
    put(p, "\nIMPORTANT: ALWAYS adhere to this exact format for tool use:\n" CALLS_BEGIN CALL_BEGIN
           "tool_call_name" CALL_SEP "tool_call_arguments" CALL_END
           "{{additional_tool_calls}}" CALLS_END "\n\nWhere:\n\n"
           "- `tool_call_name` must be an exact match to one of the available tools\n"
           "- `tool_call_arguments` must be valid JSON that strictly follows the tool's Parameters "
           "Schema\n"
           "- For multiple tool calls, chain them directly without separators or spaces\n");
}

static void put_calls(struct prompt *p, const struct message *m)
{
    put(p, CALLS_BEGIN);
    for (size_t i = 0; i < m->n_calls; i++) {
        put_between(p, CALL_BEGIN, call_name(m, i), CALL_SEP);
        put_arguments(p, call_arguments(m, i), (struct json_style){ 0 });
        put(p, CALL_END);
    }
    put(p, CALLS_END END);
}

/* The role before an assistant turn tells how the turn opens. */
enum before { BEFORE_NOTHING, BEFORE_USER, BEFORE_TOOL };

static void put_assistant(struct prompt *p, const struct message *m, enum before before,
                          bool is_current)
{
    bool thinks = is_current && m->n_calls == 0 && m->thinking.length && p->think.is_on;
    if (before == BEFORE_USER)
        put(p, thinks ? "<｜Assistant｜><think>" : "<｜Assistant｜></think>");
    if (m->n_calls) {
        put_slice(p, m->content);
        put_calls(p, m);
        return;
    }
    size_t end = before == BEFORE_TOOL ? SIZE_MAX : find_first(m->content, "</think>");
    put_slice(p, end == SIZE_MAX ? m->content : slice_from(m->content, end + strlen("</think>")));
    put(p, END);
}

void render_deepseek3(struct prompt *p)
{
    size_t last_user = last_message(p, "user");
    enum before before = BEFORE_NOTHING;
    put(p, "<｜begin▁of▁sentence｜>");
    put_system(p);
    if (p->n_tools)
        put_declarations(p);
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "user")) {
            put_between(p, "<｜User｜>", m->content, "");
            before = BEFORE_USER;
        } else if (is_role(m, "assistant")) {
            put_assistant(p, m, before, last_user == SIZE_MAX || i > last_user);
            before = BEFORE_NOTHING;
        } else if (is_role(m, "tool")) {
            put_between(p, "<｜tool▁output▁begin｜>", m->content, "<｜tool▁output▁end｜>");
            before = BEFORE_TOOL;
        }
    }
    if (before == BEFORE_USER)
        put(p, p->think.is_on ? "<｜Assistant｜><think>" : "<｜Assistant｜></think>");
}
