/* FunctionGemma: <start_of_turn> turns, strings between <escape> marks. */
#include "chat/renderer/renderer_json.h"

#define QUOTE "<escape>"

static const char introduction[] = "You can do function calling with the following functions:";

static void put_value(struct prompt *p, const struct json *value);

static void put_object(struct prompt *p, const struct json *object)
{
    size_t n;
    const struct named_value *members = sorted_members(p, object, &n);
    put(p, "{");
    for (size_t i = 0; i < n; i++) {
        put_between(p, i ? "," : "", members[i].name, ":");
        put_value(p, members[i].value);
    }
    put(p, "}");
}

static void put_value(struct prompt *p, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_KIND_STRING:
        put_between(p, QUOTE, json_text(value), QUOTE);
        break;
    case JSON_KIND_INTEGER:
    case JSON_KIND_REAL:
        put_plain_number(p, value);
        break;
    case JSON_KIND_OBJECT:
        put_object(p, value);
        break;
    case JSON_KIND_ARRAY:
        put(p, "[");
        for (size_t i = 0; i < json_size(value); i++) {
            put(p, i ? "," : "");
            put_value(p, json_at(value, i));
        }
        put(p, "]");
        break;
    default:
        put_plain(p, value);
    }
}

/* ---- declarations ---- */

static void put_parameters_declared(struct prompt *p, const struct json *properties)
{
    size_t n;
    const struct named_value *members = sorted_members(p, properties, &n);
    put(p, "properties:{");
    for (size_t i = 0; i < n; i++) {
        const struct json *property = members[i].value;
        put_between(p, i ? "," : "", members[i].name, ":{description:" QUOTE);
        put_between(p, "", json_text(json_get(property, "description")), QUOTE);
        if (n_types(property))
            put_between(p, ",type:" QUOTE, upper_case(p, type_at(property, 0)), QUOTE);
        put(p, "}");
    }
    put(p, "}");
}

static void put_declaration(struct prompt *p, const struct json *function)
{
    const struct json *parameters = json_get(function, "parameters");
    const struct json *properties = json_get(parameters, "properties");
    const struct json *required = json_get(parameters, "required");
    struct slice type = json_text(json_get(parameters, "type"));
    bool has_members = json_size(properties) > 0;
    put_between(p,
                "<start_function_declaration>declaration:", json_text(json_get(function, "name")),
                "{description:" QUOTE);
    put_between(p, "", json_text(json_get(function, "description")), QUOTE);
    if (json_kind(properties) == JSON_KIND_OBJECT || type.length) {
        put(p, ",parameters:{");
        if (has_members)
            put_parameters_declared(p, properties);
        for (size_t i = 0; i < json_size(required); i++)
            put_between(p,
                        i             ? "," QUOTE
                        : has_members ? ",required:[" QUOTE
                                      : "required:[" QUOTE,
                        json_text(json_at(required, i)), QUOTE);
        put(p, json_size(required) ? "]" : "");
        has_members |= json_size(required) > 0;
        if (type.length)
            put_between(p, has_members ? ",type:" QUOTE : "type:" QUOTE, upper_case(p, type),
                        QUOTE);
        put(p, "}");
    }
    put(p, "}<end_function_declaration>");
}

static size_t put_system(struct prompt *p)
{
    bool has_system = p->n_messages &&
                      (is_role(&p->messages[0], "system") || is_role(&p->messages[0], "developer"));
    struct slice system = has_system ? p->messages[0].content : slice_of("");
    if (system.length == 0 && p->n_tools == 0)
        return has_system;
    put_between(p, "<start_of_turn>developer\n", trim_space(system), "");
    if (p->n_tools) {
        put(p, system.length ? "\n" : "");
        put(p, slice_is(trim_space(system), introduction) ? "" : introduction);
    }
    for (size_t i = 0; i < p->n_tools; i++)
        put_declaration(p, json_get(json_at(p->tools, i), "function"));
    put(p, "<end_of_turn>\n");
    return has_system;
}

/* ---- turns ---- */

enum state { AFTER_TURN, AFTER_CALL, AFTER_RESULT };

/* Results belong to the calls before them, one by one. */
static struct slice result_name(const struct prompt *p, size_t result, size_t first)
{
    size_t n_before = 0;
    for (size_t i = result; i-- > first;) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "assistant") && m->n_calls)
            return n_before < m->n_calls ? call_name(m, n_before) : slice_of("");
        n_before += is_role(m, "tool");
    }
    return slice_of("");
}

static enum state put_assistant(struct prompt *p, size_t i, enum state state)
{
    const struct message *m = &p->messages[i];
    put(p, state == AFTER_RESULT ? "" : "<start_of_turn>model\n");
    put_slice(p, trim_space(m->content));
    for (size_t k = 0; k < m->n_calls; k++) {
        put_between(p, "<start_function_call>call:", call_name(m, k), "");
        put_object(p, call_arguments(m, k));
        put(p, "<end_function_call>");
    }
    bool has_results = m->n_calls && i + 1 < p->n_messages && is_role(m + 1, "tool");
    put(p, has_results ? "<start_function_response>" : "<end_of_turn>\n");
    return has_results ? AFTER_CALL : AFTER_TURN;
}

void render_functiongemma(struct prompt *p)
{
    enum state state = AFTER_TURN;
    put(p, "<bos>");
    size_t first = put_system(p);
    for (size_t i = first; i < p->n_messages; i++) {
        const struct message *m = &p->messages[i];
        if (is_role(m, "assistant")) {
            state = put_assistant(p, i, state);
        } else if (is_role(m, "tool")) {
            put(p, state == AFTER_CALL ? "" : "<start_function_response>");
            put_between(p, "response:", result_name(p, i, first), "{" QUOTE);
            put_between(p, "", m->content, QUOTE "}<end_function_response>");
            state = AFTER_RESULT;
        } else {
            bool is_user = is_role(m, "user");
            if (!is_user || state != AFTER_RESULT)
                put_between(p, "<start_of_turn>", m->role, "\n");
            put_between(p, "", trim_space(m->content), "<end_of_turn>\n");
            state = is_user ? AFTER_TURN : state;
        }
    }
    put(p, state == AFTER_RESULT ? "" : "<start_of_turn>model\n");
}
