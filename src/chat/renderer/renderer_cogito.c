/* Cogito: DeepSeek's marks around a prompt of its own. */
#include "chat/renderer/renderer_json.h"

static void put_system(struct prompt *p, struct slice system)
{
    if (p->think.is_on)
        put(p, "Enable deep thinking subroutine.\n\n");
    put(p, "You are Cogito, an AI assistant created by Deep Cogito, which is an AI research lab "
           "based in San Francisco.");
    if (system.length)
        put_between(p, "\n\n", system, p->think.is_on ? "\n\n" : "");
    if (p->n_tools)
        put(p, "\nYou have the following functions available:\n");
    for (size_t i = 0; i < p->n_tools; i++) {
        put(p, "```json\n");
        put_tool(p, json_at(p->tools, i), (struct json_style){ .indented = true });
        put(p, "\n```\n");
    }
}

static void put_assistant(struct prompt *p, const struct message *m)
{
    put_slice(p, m->content);
    if (m->n_calls)
        put(p, "<｜tool▁calls▁begin｜>");
    for (size_t i = 0; i < m->n_calls; i++) {
        put(p, i ? "\n" : "");
        put_between(p, "<｜tool▁call▁begin｜>function<｜tool▁sep｜>", call_name(m, i),
                    "\n```json\n");
        put_arguments(p, call_arguments(m, i), (struct json_style){ 0 });
        put(p, "\n```<｜tool▁call▁end｜>");
    }
    if (m->n_calls)
        put(p, "<｜tool▁calls▁end｜>");
    put(p, "<｜end▁of▁sentence｜>");
}

void render_cogito(struct prompt *p)
{
    size_t first = p->n_messages && is_role(&p->messages[0], "system");
    bool is_last_user = false, outputs_open = false;
    put(p, "<｜begin▁of▁sentence｜>");
    put_system(p, first ? p->messages[0].content : slice_of(""));
    for (size_t i = first; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        bool is_tool = is_role(m, "tool");
        if (is_role(m, "user")) {
            put_between(p, "<｜User｜>", m->content, "<｜Assistant｜>");
            is_last_user = true;
        } else if (is_role(m, "assistant")) {
            put_assistant(p, m);
            is_last_user = false;
        } else if (is_tool) {
            put(p, outputs_open ? "" : "<｜tool▁outputs▁begin｜>");
            put_between(p, "<｜tool▁output▁begin｜>", m->content, "<｜tool▁output▁end｜>");
            outputs_open = i + 1 < p->n_messages && is_role(m + 1, "tool");
            put(p, outputs_open ? "\n" : "<｜tool▁outputs▁end｜>");
            is_last_user = false;
        }
    }
    put(p, is_last_user ? "" : "<｜Assistant｜>");
    put(p, p->think.is_on ? "<think>\n" : "");
}
