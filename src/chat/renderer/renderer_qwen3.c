/* Qwen3-Coder and Qwen3-VL: <|im_start|> turns; calls in XML here, as JSON there. */
#include "chat/renderer/renderer_json.h"

/* ---- Qwen3-Coder ---- */

static const struct json_style compact = { .sorted = true };

static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* Members of a schema beyond those written already: objects and arrays as JSON, all in order of
 * their names. */
static void put_extra(struct prompt *p, const struct json *schema, const char *name)
{
    const struct json *value = json_get(schema, name);
    enum json_kind kind = json_kind(value);
    static const char *const lists[] = { "anyOf", "enum", "required", NULL };
    if (kind == JSON_KIND_NONE || kind == JSON_KIND_NULL ||
        (is_one_of(name, lists) && json_size(value) == 0))
        return;
    put_between(p, "\n<", slice_of(name), ">");
    if (strcmp(name, "anyOf") == 0)
        put_choices(p, value, compact);
    else if (strcmp(name, "properties") == 0)
        put_properties(p, value, compact);
    else if (kind == JSON_KIND_OBJECT || kind == JSON_KIND_ARRAY)
        put_json(p, value, compact);
    else
        put_plain(p, value);
    put_between(p, "</", slice_of(name), ">");
}

static void put_parameter(struct prompt *p, struct slice name, const struct json *property)
{
    static const char *const extras[] = { "anyOf", "enum", "items", "properties", "required" };
    struct slice description = json_text(json_get(property, "description"));
    put_between(p, "\n<parameter>\n<name>", name, "</name>");
    if (n_types(property) == 1) {
        put_between(p, "\n<type>", type_at(property, 0), "</type>");
    } else if (n_types(property)) {
        put(p, "\n<type>");
        put_json(p, json_get(property, "type"), compact);
        put(p, "</type>");
    }
    if (description.length)
        put_between(p, "\n<description>", description, "</description>");
    for (size_t i = 0; i < COUNT_OF(extras); i++)
        put_extra(p, property, extras[i]);
    put(p, "\n</parameter>");
}

static void put_declaration(struct prompt *p, const struct json *function)
{
    static const char *const extras[] = { "$defs", "items", "required" };
    const struct json *parameters = json_get(function, "parameters");
    const struct json *properties = json_get(parameters, "properties");
    struct slice description = json_text(json_get(function, "description"));
    put_between(p, "\n<function>\n<name>", json_text(json_get(function, "name")), "</name>");
    if (description.length)
        put_between(p, "\n<description>", description, "</description>");
    put(p, "\n<parameters>");
    for (const struct json_member *m = json_first(properties); m; m = json_next(properties, m))
        put_parameter(p, json_member_key(m), json_member_value(m));
    for (size_t i = 0; i < COUNT_OF(extras); i++)
        put_extra(p, parameters, extras[i]);
    put(p, "\n</parameters>\n</function>");
}

/* The first system text that says something counts; there is none but with tools. */
static void put_coder_system(struct prompt *p)
{
    struct slice system = slice_of("");
    for (size_t i = 0; i < p->n_messages && system.length == 0; i++)
        if (is_role(&p->messages[i], "system"))
            system = p->messages[i].content;
    if (system.length == 0 && p->n_tools == 0)
        return;
    if (system.length == 0)
        system = slice_of("You are Qwen, a helpful AI assistant that can interact with a computer "
                          "to solve tasks.");
    put_between(p, "<|im_start|>system\n", system, "");
    if (p->n_tools)
        put(p, "\n\n# Tools\n\nYou have access to the following functions:\n\n<tools>");
    for (size_t i = 0; i < p->n_tools; i++)
        put_declaration(p, json_get(json_at(p->tools, i), "function"));
    if (p->n_tools) {
        put(p, "\n</tools>\n\n");
        put(p, function_call_rules);
    }
    put(p, "<|im_end|>\n");
}

static void put_coder_calls(struct prompt *p, const struct message *m)
{
    for (size_t i = 0; i < m->n_calls; i++) {
        const struct json *arguments = call_arguments(m, i);
        put_between(p, "\n<tool_call>\n<function=", call_name(m, i), ">");
        for (const struct json_member *a = json_first(arguments); a; a = json_next(arguments, a)) {
            put_between(p, "\n<parameter=", json_member_key(a), ">\n");
            put_plain_argument(p, json_member_value(a), compact);
            put(p, "\n</parameter>");
        }
        put(p, "\n</function>\n</tool_call>");
    }
}

void render_qwen3_coder(struct prompt *p)
{
    put_coder_system(p);
    forget_role(p, "system");
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        bool is_last = i + 1 == p->n_messages, is_model = is_role(m, "assistant");
        if (is_model) {
            put_between(p, "<|im_start|>assistant\n", m->content, "");
            put(p, m->n_calls && m->content.length ? "\n" : "");
            put_coder_calls(p, m);
            put(p, m->n_calls || !is_last ? "<|im_end|>\n" : "");
        } else if (is_role(m, "tool")) {
            put_im_tool_result(p, i, m->content);
        } else {
            put_im_turn(p, m->role, m->content);
        }
        if (is_last && !is_model)
            put(p, "<|im_start|>assistant\n");
    }
}

/* ---- Qwen3-VL ---- */

static const struct json_style spaced = { .spaced = true };

static struct slice content_of(struct prompt *p, const struct message *m, size_t *n_images)
{
    if (p->image_tags)
        return image_tagged(p, m->content, m, n_images);
    return image_padded(p, m->content, m, "<|vision_start|><|image_pad|><|vision_end|>");
}

static void put_vl_system(struct prompt *p)
{
    bool has_system = p->n_messages && is_role(&p->messages[0], "system");
    if (p->n_tools == 0) {
        if (has_system)
            put_im_turn(p, slice_of("system"), p->messages[0].content);
        return;
    }
    put(p, "<|im_start|>system\n");
    if (has_system)
        put_between(p, "", p->messages[0].content, "\n\n");
    put(p, "# Tools\n\nYou may call one or more functions to assist with the user query.\n\nYou "
           "are provided with function signatures within <tools></tools> XML tags:\n<tools>");
    for (size_t i = 0; i < p->n_tools; i++) {
        put(p, "\n");
        put_tool(p, json_at(p->tools, i), spaced);
    }
    put(p, "\n</tools>\n\nFor each function call, return a json object with function name and "
           "arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": "
           "<function-name>, \"arguments\": <args-json-object>}\n</tool_call><|im_end|>\n");
}

/* Where the present exchange begins: at the last words of the user that are no tool's answer. */
static size_t last_query(struct prompt *p)
{
    for (size_t i = p->n_messages; i > 0; i--) {
        size_t n_images = 0;
        if (!is_role(&p->messages[i - 1], "user"))
            continue;
        struct slice content = content_of(p, &p->messages[i - 1], &n_images);
        if (!begins_with(content, "<tool_response>") || !ends_with(content, "</tool_response>"))
            return i - 1;
    }
    return p->n_messages - 1;
}

static void put_vl_assistant(struct prompt *p, const struct message *m, struct slice content,
                             bool shows_thoughts)
{
    put(p, "<|im_start|>assistant\n");
    if (shows_thoughts) {
        put_between(p, "<think>\n", trim_lines_start(trim_lines_end(m->thinking)), "");
        if (content.length)
            put_between(p, "\n</think>\n\n", trim_lines_start(content), "");
    } else {
        put_slice(p, content);
    }
    for (size_t i = 0; i < m->n_calls; i++) {
        put(p, i || content.length ? "\n" : "");
        put_between(p, "<tool_call>\n{\"name\": \"", call_name(m, i), "\", \"arguments\": ");
        put_arguments(p, call_arguments(m, i), spaced);
        put(p, "}\n</tool_call>");
    }
}

static void render_vl(struct prompt *p, bool thinks)
{
    size_t n_images = 0, query = last_query(p);
    put_vl_system(p);
    for (size_t i = 0; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        struct slice content = content_of(p, m, &n_images);
        bool is_last = i + 1 == p->n_messages, is_model = is_role(m, "assistant");
        if (is_role(m, "user") || (is_role(m, "system") && i != 0)) {
            put_im_turn(p, m->role, content);
        } else if (is_model) {
            put_vl_assistant(p, m, content, thinks && i > query && (is_last || m->thinking.length));
            put(p, is_last ? "" : "<|im_end|>\n");
        } else if (is_role(m, "tool")) {
            put_im_tool_result(p, i, content);
        }
        if (is_last && !is_model)
            put(p, thinks ? "<|im_start|>assistant\n<think>\n" : "<|im_start|>assistant\n");
    }
}

void render_qwen3_vl_instruct(struct prompt *p)
{
    render_vl(p, p->think.is_on);
}

void render_qwen3_vl_thinking(struct prompt *p)
{
    render_vl(p, !p->think.is_set || p->think.is_on);
}
