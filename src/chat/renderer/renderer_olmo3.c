/* OLMo 3 and 3.1, with and without thinking: <|im_start|> turns, calls as in Python. */
#include "chat/renderer/renderer_json.h"

#define OLMO                                                                                 \
    "You are Olmo, a helpful AI assistant built by Ai2. Your date cutoff is December 2024, " \
    "and your model weights are available at https://huggingface.co/allenai."

/* The first system message, or NULL; the others do not count. */
static const struct message *take_system(struct prompt *p)
{
    const struct message *system = NULL;
    for (size_t i = p->n_messages; i > 0; i--)
        if (is_role(&p->messages[i - 1], "system"))
            system = &p->messages[i - 1];
    forget_role(p, "system");
    return system;
}

/* ---- instruct ---- */

static void put_system(struct prompt *p, const struct message *system, const char *otherwise)
{
    put_between(p, "<|im_start|>system\n", system ? system->content : slice_of(otherwise), "");
    if (!system && p->n_tools)
        put(p, "You are provided with function signatures within <functions></functions> XML "
               "tags. You may call one or more functions to assist with the user query. Output "
               "any function calls within <function_calls></function_calls> XML tags. Do not "
               "make assumptions about what values to plug into functions.");
    if (p->n_tools) {
        put(p, "<functions>");
        put_tools(p, (struct json_style){ .spaced = true });
        put(p, "</functions>");
    } else if (!system) {
        put(p, "You do not currently have access to any functions. <functions></functions>");
    }
    put(p, "<|im_end|>\n");
}

static void put_calls(struct prompt *p, const struct message *m)
{
    put(p, "<function_calls>");
    for (size_t i = 0; i < m->n_calls; i++) {
        size_t n;
        const struct named_value *arguments = sorted_members(p, call_arguments(m, i), &n);
        put_between(p, i ? "\n" : "", call_name(m, i), "(");
        for (size_t k = 0; k < n; k++) {
            put_between(p, k ? ", " : "", arguments[k].name, "=");
            put_json(p, arguments[k].value, (struct json_style){ 0 });
        }
        put(p, ")");
    }
    put(p, "</function_calls>");
}

static void render(struct prompt *p, const char *system)
{
    bool is_begun = false; /* the last turn waits to be gone on with */
    put_system(p, take_system(p), system);
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        bool is_last = i + 1 == p->n_messages;
        if (is_role(m, "user")) {
            put_im_turn(p, m->role, m->content);
        } else if (is_role(m, "tool")) {
            put_im_turn(p, slice_of("environment"), m->content);
        } else if (is_role(m, "assistant")) {
            put_between(p, "<|im_start|>assistant\n", m->content, "");
            if (m->n_calls)
                put_calls(p, m);
            put(p, !is_last || m->n_calls ? "<|im_end|>\n" : "");
            is_begun = is_last && m->n_calls == 0 && m->content.length;
        }
    }
    put(p, is_begun ? "" : "<|im_start|>assistant\n");
}

void render_olmo3(struct prompt *p)
{
    render(p, "You are a helpful function-calling AI assistant. ");
}

void render_olmo31(struct prompt *p)
{
    render(p, OLMO " ");
}

/* ---- thinking; these models know no tools ---- */

static void render_think(struct prompt *p, const char *otherwise)
{
    const struct message *system = take_system(p);
    if (system)
        put_between(p, "<|im_start|>system\n", system->content,
                    " You do not currently have access to any functions. "
                    "<functions></functions><|im_end|>\n");
    else
        put_im_turn(p, slice_of("system"), slice_of(otherwise));
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "user") || is_role(m, "assistant"))
            put_im_turn(p, m->role, m->content);
    }
    put(p, "<|im_start|>assistant\n<think>");
}

void render_olmo3_think(struct prompt *p)
{
    render_think(p, OLMO);
}

void render_olmo3_think_32b(struct prompt *p)
{
    render_think(p, "You are a helpful AI assistant.");
}
