/* Nemotron 3 Nano and 3.5 Nano: <|im_start|> turns, functions in XML, JSON as Python spells it. */
#include "chat/renderer/renderer_json.h"

static const struct json_style python_style = { .spaced = true, .escape = ESCAPE_SOURCE };

static bool is_absent(const struct json *value)
{
    return json_kind(value) == JSON_KIND_NONE || json_kind(value) == JSON_KIND_NULL;
}

/* Objects and arrays as JSON, everything else as Python's str(). */
static void put_python(struct prompt *p, const struct json *value)
{
    enum json_kind kind = json_kind(value);
    if (kind == JSON_KIND_OBJECT || kind == JSON_KIND_ARRAY)
        put_json(p, value, python_style);
    else if (is_absent(value))
        put(p, "None");
    else if (kind == JSON_KIND_BOOL)
        put(p, json_flag(value, false) ? "True" : "False");
    else
        put_plain(p, value);
}

/* ---- declarations ---- */

static void put_trimmed(struct prompt *p, const struct json *text, const char *before,
                        const char *after)
{
    if (json_text(text).length)
        put_between(p, before, trim_space(json_text(text)), after);
}

static void put_list(struct prompt *p, const struct json *list, const char *before,
                     const char *after)
{
    if (json_size(list) == 0)
        return;
    put(p, before);
    put_json(p, list, python_style);
    put(p, after);
}

static void put_type(struct prompt *p, const struct json *property)
{
    size_t n = n_types(property);
    if (n == 1)
        put_between(p, "\n<type>", type_at(property, 0), "</type>");
    if (n < 2)
        return;
    put(p, "\n<type>[");
    for (size_t i = 0; i < n; i++)
        put_between(p, i ? ", '" : "'", type_at(property, i), "'");
    put(p, "]</type>");
}

static void put_parameter(struct prompt *p, struct slice name, const struct json *property)
{
    const struct json *choices = json_get(property, "anyOf");
    const struct json *items = json_get(property, "items");
    const struct json *properties = json_get(property, "properties");
    put_between(p, "\n<parameter>\n<name>", name, "</name>");
    put_type(p, property);
    put_trimmed(p, json_get(property, "description"), "\n<description>", "</description>");
    put_list(p, json_get(property, "enum"), "\n<enum>", "</enum>");
    if (json_size(choices)) {
        put(p, "\n<anyOf>");
        put_choices(p, choices, python_style);
        put(p, "</anyOf>");
    }
    if (!is_absent(items)) {
        put(p, "\n<items>");
        put_json(p, items, python_style);
        put(p, "</items>");
    }
    if (!is_absent(properties)) {
        put(p, "\n<properties>");
        put_properties(p, properties, python_style);
        put(p, "</properties>");
    }
    put_list(p, json_get(property, "required"), "\n<required>", "</required>");
    put(p, "\n</parameter>");
}

static void put_function_declaration(struct prompt *p, const struct json *function)
{
    const struct json *parameters = json_get(function, "parameters");
    const struct json *properties = json_get(parameters, "properties");
    static const struct {
        const char *name, *before, *after;
    } extras[] = { { "$defs", "\n<$defs>", "</$defs>" }, { "items", "\n<items>", "</items>" } };
    put_between(p, "\n<function>\n<name>", json_text(json_get(function, "name")), "</name>");
    put_trimmed(p, json_get(function, "description"), "\n<description>", "</description>");
    put(p, "\n<parameters>");
    for (const struct json_member *m = json_first(properties); m; m = json_next(properties, m))
        put_parameter(p, json_member_key(m), json_member_value(m));
    for (size_t i = 0; i < COUNT_OF(extras); i++) {
        const struct json *extra = json_get(parameters, extras[i].name);
        if (is_absent(extra))
            continue;
        put(p, extras[i].before);
        put_python(p, extra);
        put(p, extras[i].after);
    }
    put_list(p, json_get(parameters, "required"), "\n<required>", "</required>");
    put(p, "\n</parameters>\n</function>");
}

static void put_declarations(struct prompt *p)
{
    put(p, "# Tools\n\nYou have access to the following functions:\n\n<tools>");
    for (size_t i = 0; i < p->n_tools; i++)
        put_function_declaration(p, json_get(json_at(p->tools, i), "function"));
    put(p, "\n</tools>\n\n");
    put(p, function_call_rules);
}

/* ---- turns ---- */

/* Version 3 takes "/think" and "/no_think" in a text as switches, and then out of it. */
static struct slice without_switches(struct prompt *p, struct slice text)
{
    static const char stand_in[] = "<_end_think>";
    text = replaced(p, text, "</think>", stand_in);
    text = replaced(p, text, "/think", "");
    text = replaced(p, text, "/no_think", "");
    return replaced(p, text, stand_in, "</think>");
}

static bool is_thinking(struct prompt *p, bool is_v35)
{
    bool on = !p->think.is_set || p->think.is_on;
    for (size_t i = 0; i < p->n_messages && !is_v35; i++) {
        const struct message *m = &p->messages[i];
        if (!is_role(m, "user") && !is_role(m, "system"))
            continue;
        if (has(replaced(p, m->content, "</think>", ""), "/think"))
            on = true;
        else if (has(m->content, "/no_think"))
            on = false;
    }
    return on;
}

/* What an assistant said, with its thoughts or an empty pair of tags in front. */
static struct slice with_thoughts(struct prompt *p, const struct message *m, bool is_v35)
{
    if (m->thinking.length) {
        struct slice parts[] = { slice_of("<think>\n"), m->thinking,
                                 slice_of(is_v35 ? "</think>" : "\n</think>\n"), m->content };
        return joined(p, parts, COUNT_OF(parts));
    }
    if (has(m->content, "<think>") || has(m->content, "</think>"))
        return m->content;
    struct slice parts[] = { slice_of("<think></think>"), m->content };
    return joined(p, parts, COUNT_OF(parts));
}

static struct slice after_thoughts(struct slice text)
{
    size_t end = find_last(text, "</think>");
    return end == SIZE_MAX ? text : slice_from(text, end + strlen("</think>"));
}

static void put_answer(struct prompt *p, struct slice content, bool is_past)
{
    if (!is_past || !has(content, "<think>") || !has(content, "</think>")) {
        put_slice(p, trim_space(content));
        return;
    }
    struct slice parts[] = { slice_of("<think></think>"), after_thoughts(content) };
    put_slice(p, trim_space(joined(p, parts, COUNT_OF(parts))));
}

static void put_before_calls(struct prompt *p, struct slice content, bool is_past)
{
    if (trim_space(content).length == 0) {
        put(p, "<think></think>");
        return;
    }
    if (!is_past) {
        put_between(p, "", trim_space(content), "\n");
        return;
    }
    if (has(content, "</think>"))
        content = after_thoughts(content);
    else if (has(content, "<think>"))
        content = slice_to(content, find_first(content, "<think>"));
    put_between(p, "<think></think>", trim_space(content), "\n");
}

static void put_calls(struct prompt *p, const struct message *m)
{
    for (size_t i = 0; i < m->n_calls; i++) {
        const struct json *arguments = call_arguments(m, i);
        put_between(p, "<tool_call>\n<function=", call_name(m, i), ">\n");
        for (const struct json_member *a = json_first(arguments); a; a = json_next(arguments, a)) {
            put_between(p, "<parameter=", json_member_key(a), ">\n");
            put_python(p, json_member_value(a));
            put(p, "\n</parameter>\n");
        }
        put(p, "</function>\n</tool_call>\n");
    }
}

static void put_assistant(struct prompt *p, const struct message *m, bool is_past, bool is_v35)
{
    struct slice content = with_thoughts(p, m, is_v35);
    put(p, "<|im_start|>assistant\n");
    if (m->n_calls)
        put_before_calls(p, content, is_past);
    else
        put_answer(p, content, is_past);
    put_calls(p, m);
    put(p, "<|im_end|>\n");
}

static void put_tool_result(struct prompt *p, size_t i, size_t first, struct slice content)
{
    const struct message *m = &p->messages[i];
    /* The very first message opens no turn. */
    if (i > first && !is_role(m - 1, "tool"))
        put(p, "<|im_start|>user\n");
    put_between(p, "<tool_response>\n", content, "\n</tool_response>\n");
    if (i + 1 == p->n_messages || !is_role(m + 1, "tool"))
        put(p, "<|im_end|>\n");
}

static void put_turns(struct prompt *p, size_t first, bool is_v35)
{
    size_t n_images = 0, last_user = last_message(p, "user");
    bool is_brief = is_v35 && strcmp(p->think.level, "medium") == 0;
    for (size_t i = first; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "assistant")) {
            put_assistant(p, m, last_user != SIZE_MAX && i < last_user, is_v35);
        } else if (is_role(m, "tool")) {
            put_tool_result(p, i, first, image_tagged(p, m->content, m, &n_images));
        } else if (is_role(m, "user") || is_role(m, "system")) {
            struct slice content = image_tagged(p, m->content, m, &n_images);
            if (!is_v35)
                content = trim_space(without_switches(p, content));
            put_between(p, "<|im_start|>", m->role, "\n");
            put_slice(p, content);
            if (is_brief && i == last_user)
                put(p, "\n\n{reasoning effort: efficient}");
            put(p, "<|im_end|>\n");
        } else {
            put_im_turn(p, m->role, m->content);
        }
    }
}

static void render(struct prompt *p, bool is_v35)
{
    size_t first = p->n_messages && is_role(&p->messages[0], "system");
    struct slice system = first ? p->messages[0].content : slice_of("");
    if (!is_v35)
        system = without_switches(p, system);
    put_between(p, "<|im_start|>system\n", system, "");
    if (p->n_tools) {
        put(p, system.length ? "\n\n" : "");
        put_declarations(p);
    }
    put(p, "<|im_end|>\n");
    put_turns(p, first, is_v35);
    put(p, "<|im_start|>assistant\n");
    put(p, is_thinking(p, is_v35) ? "<think>\n" : "<think></think>");
}

void render_nemotron3(struct prompt *p)
{
    render(p, false);
}

void render_nemotron35(struct prompt *p)
{
    render(p, true);
}
