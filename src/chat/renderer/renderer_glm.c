/* GLM-4.7 and GLM-OCR: roles as tokens, calls with a tag for each name and value. */
#include "chat/renderer/renderer_json.h"

static void put_declarations(struct prompt *p)
{
    if (p->n_tools == 0)
        return;
    put(p, "<|system|>\n# Tools\n\nYou may call one or more functions to assist with the user "
           "query.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n"
           "<tools>\n");
    for (size_t i = 0; i < p->n_tools; i++) {
        put_tool(p, json_at(p->tools, i), (struct json_style){ .spaced = true });
        put(p, "\n");
    }
    put(p, "</tools>\n\nFor each function call, output the function name and arguments within the "
           "following XML format:\n<tool_call>{function-name}<arg_key>{arg-key-1}</arg_key>"
           "<arg_value>{arg-value-1}</arg_value><arg_key>{arg-key-2}</arg_key>"
           "<arg_value>{arg-value-2}</arg_value>...</tool_call>");
}

static void put_calls(struct prompt *p, const struct message *m, const char *before)
{
    for (size_t i = 0; i < m->n_calls; i++) {
        const struct json *arguments = call_arguments(m, i);
        put_between(p, before, call_name(m, i), "");
        for (const struct json_member *a = json_first(arguments); a; a = json_next(arguments, a)) {
            put_between(p, "<arg_key>", json_member_key(a), "</arg_key><arg_value>");
            put_argument(p, json_member_value(a), (struct json_style){ 0 });
            put(p, "</arg_value>");
        }
        put(p, "</tool_call>");
    }
}

static bool is_first_result(const struct prompt *p, size_t i)
{
    return i == 0 || !is_role(&p->messages[i - 1], "tool");
}

static bool is_not_to_think(const struct prompt *p)
{
    return p->think.is_set && !p->think.is_on;
}

/* ---- GLM-4.7 ---- */

void render_glm47(struct prompt *p)
{
    put(p, "[gMASK]<sop>");
    put_declarations(p);
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "user")) {
            put_between(p, "<|user|>", m->content, "");
        } else if (is_role(m, "system")) {
            put_between(p, "<|system|>", m->content, "");
        } else if (is_role(m, "assistant")) {
            put(p, "<|assistant|>");
            put_between(p, m->thinking.length ? "<think>" : "", m->thinking, "</think>");
            put_slice(p, m->content);
            put_calls(p, m, "<tool_call>");
        } else if (is_role(m, "tool")) {
            put(p, is_first_result(p, i) ? "<|observation|>" : "");
            put_between(p, "<tool_response>", m->content, "</tool_response>");
        }
    }
    put(p, is_not_to_think(p) ? "<|assistant|></think>" : "<|assistant|><think>");
}

/* ---- GLM-OCR ---- */

static struct slice content_of(struct prompt *p, const struct message *m, size_t *n_images)
{
    return p->image_tags ? image_tagged(p, m->content, m, n_images) : m->content;
}

void render_glm_ocr(struct prompt *p)
{
    size_t n_images = 0;
    put(p, "[gMASK]<sop>");
    put_declarations(p);
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "user")) {
            put_between(p, "<|user|>\n", content_of(p, m, &n_images), "");
            put(p, is_not_to_think(p) && !ends_with(m->content, "/nothink") ? "/nothink" : "");
        } else if (is_role(m, "system")) {
            put_between(p, "<|system|>\n", m->content, "\n");
        } else if (is_role(m, "assistant")) {
            put_between(p, "<|assistant|>\n<think>", trim_space(m->thinking), "</think>");
            put_between(p, m->content.length ? "\n" : "", trim_space(m->content), "");
            put_calls(p, m, "\n<tool_call>");
            put(p, "\n");
        } else if (is_role(m, "tool")) {
            put(p, is_first_result(p, i) ? "<|observation|>" : "");
            put_between(p, "\n<tool_response>\n", content_of(p, m, &n_images),
                        "\n</tool_response>\n");
        }
    }
    put(p, is_not_to_think(p) ? "<|assistant|>\n<think></think>\n" : "<|assistant|>\n");
}
