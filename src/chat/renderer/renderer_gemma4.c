/* Gemma 4: <|turn> turns, strings between <|"|> marks, tool results inside the model's turn. */
#include "chat/renderer/renderer_json.h"

#define QUOTE "<|\"|>"

static void put_quoted(struct prompt *p, struct slice text)
{
    put_between(p, QUOTE, text, QUOTE);
}

/* Values of arguments, whose names stand bare, and of schemas, whose names are quoted. */
static void put_value(struct prompt *p, const struct json *value, bool quotes_names);

static void put_object(struct prompt *p, const struct json *object, bool quotes_names)
{
    size_t n;
    const struct named_value *members = sorted_members(p, object, &n);
    put(p, "{");
    for (size_t i = 0; i < n; i++) {
        put(p, i ? "," : "");
        put_between(p, quotes_names ? QUOTE : "", members[i].name, quotes_names ? QUOTE ":" : ":");
        put_value(p, members[i].value, quotes_names);
    }
    put(p, "}");
}

static void put_array(struct prompt *p, const struct json *array, bool quotes_names)
{
    put(p, "[");
    for (size_t i = 0; i < json_size(array); i++) {
        put(p, i ? "," : "");
        put_value(p, json_at(array, i), quotes_names);
    }
    put(p, "]");
}

static void put_value(struct prompt *p, const struct json *value, bool quotes_names)
{
    switch (json_kind(value)) {
    case JSON_KIND_STRING:
        put_quoted(p, json_text(value));
        break;
    case JSON_KIND_BOOL:
        put(p, json_flag(value, false) ? "true" : "false");
        break;
    case JSON_KIND_INTEGER:
    case JSON_KIND_REAL:
        put_plain_number(p, value);
        break;
    case JSON_KIND_OBJECT:
        put_object(p, value, quotes_names);
        break;
    case JSON_KIND_ARRAY:
        put_array(p, value, quotes_names);
        break;
    default:
        put(p, "null");
    }
}

/* ---- schemas ---- */

/* Properties of a tool (declared ones: only what a tool may declare counts, and several types are
 * one text) or anything below `items`, which is taken as it is. */
enum schema { DECLARED, FREE };

static void put_properties_of(struct prompt *p, const struct json *properties, enum schema schema);
static void put_property_body(struct prompt *p, const struct json *property, enum schema schema);

/* The strings of an array, upper case or as they are, quoted; `before` and `after` around them. */
static void put_strings(struct prompt *p, const struct json *array, bool upper, const char *before,
                        const char *after)
{
    bool is_first = true;
    put(p, before);
    for (size_t i = 0; i < json_size(array); i++) {
        struct slice text = json_text(json_at(array, i));
        if (json_kind(json_at(array, i)) != JSON_KIND_STRING)
            continue;
        put(p, is_first ? "" : ",");
        put_quoted(p, upper ? upper_case(p, text) : text);
        is_first = false;
    }
    put(p, after);
}

static size_t n_strings(const struct json *array)
{
    size_t n = 0;
    for (size_t i = 0; json_kind(array) == JSON_KIND_ARRAY && i < json_size(array); i++)
        n += json_kind(json_at(array, i)) == JSON_KIND_STRING;
    return n;
}

static bool is_bare_type(const struct json *property)
{
    static const char *const others[] = { "anyOf", "enum", "required" };
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (json_size(json_get(property, others[i])))
            return false;
    enum json_kind items = json_kind(json_get(property, "items"));
    return n_types(property) && (items == JSON_KIND_NONE || items == JSON_KIND_NULL) &&
           json_text(json_get(property, "description")).length == 0 &&
           json_kind(json_get(property, "properties")) != JSON_KIND_OBJECT;
}

/* Types that a declared property allows, each once; several of them come as 'A', 'B' in brackets.
 */
struct type_names {
    struct slice names[16];
    size_t count;
};

static void add_types(struct prompt *p, struct type_names *types, const struct json *property,
                      bool only_new)
{
    for (size_t i = 0; i < n_types(property); i++) {
        struct slice name = type_at(property, i);
        bool is_known = false;
        for (size_t k = 0; k < types->count; k++)
            is_known |= only_new && slice_equal(types->names[k], name);
        if (is_known)
            continue;
        if (types->count == COUNT_OF(types->names)) {
            prompt_refuse(p, ERROR_USAGE, "a property allows more than 16 types");
            return;
        }
        types->names[types->count++] = name;
    }
}

static struct slice declared_type(struct prompt *p, const struct json *property)
{
    struct type_names types = { .count = 0 };
    const struct json *choices = json_get(property, "anyOf");
    add_types(p, &types, property, false);
    if (types.count == 0)
        for (size_t i = 0; i < json_size(choices); i++) {
            if (!is_bare_type(json_at(choices, i)))
                return (struct slice){ NULL, 0 };
            add_types(p, &types, json_at(choices, i), true);
        }
    if (types.count == 0)
        return (struct slice){ NULL, 0 };
    if (types.count == 1)
        return upper_case(p, types.names[0]);
    struct slice parts[4 * COUNT_OF(types.names) + 1], all;
    size_t n = 0;
    parts[n++] = slice_of("['");
    for (size_t i = 0; i < types.count; i++) {
        parts[n++] = types.names[i];
        parts[n++] = slice_of(i + 1 < types.count ? "', '" : "']");
    }
    all = joined(p, parts, n);
    return upper_case(p, all);
}

/* The one type that decides what else is written; `data` is NULL when there is none. */
static struct slice leading_type(struct prompt *p, const struct json *property, enum schema schema)
{
    if (schema == DECLARED)
        return declared_type(p, property);
    const struct json *type = json_get(property, "type");
    for (size_t i = 0; json_kind(type) == JSON_KIND_ARRAY && i < json_size(type); i++)
        if (json_kind(json_at(type, i)) == JSON_KIND_STRING)
            return upper_case(p, json_text(json_at(type, i)));
    if (json_kind(type) == JSON_KIND_STRING)
        return upper_case(p, json_text(type));
    return (struct slice){ NULL, 0 };
}

static void put_free_type(struct prompt *p, const struct json *type)
{
    if (json_kind(type) == JSON_KIND_STRING)
        put_between(p, "type:" QUOTE, upper_case(p, json_text(type)), QUOTE);
    else if (n_strings(type) == 1)
        put_strings(p, type, true, "type:", "");
    else if (n_strings(type) > 1)
        put_strings(p, type, true, "type:[", "]");
}

static void put_item_member(struct prompt *p, const struct named_value *member)
{
    if (slice_is(member->name, "properties")) {
        put(p, "properties:{");
        if (json_kind(member->value) == JSON_KIND_OBJECT)
            put_properties_of(p, member->value, FREE);
        put(p, "}");
    } else if (slice_is(member->name, "required")) {
        bool is_list = json_kind(member->value) == JSON_KIND_ARRAY;
        put_strings(p, is_list ? member->value : NULL, false, "required:[", "]");
    } else if (slice_is(member->name, "type")) {
        put_free_type(p, member->value);
    } else {
        put_between(p, "", member->name, ":");
        put_value(p, member->value, true);
    }
}

static void put_items(struct prompt *p, const struct json *items)
{
    size_t n;
    const struct named_value *members = sorted_members(p, items, &n);
    bool is_first = true;
    put(p, "items:{");
    for (size_t i = 0; i < n; i++) {
        if (json_kind(members[i].value) == JSON_KIND_NULL)
            continue;
        put(p, is_first ? "" : ",");
        put_item_member(p, &members[i]);
        is_first = false;
    }
    put(p, "}");
}

/* Names with a meaning of their own are no properties, wherever they stand. */
static bool is_keyword(struct slice name)
{
    static const char *const keywords[] = { "description", "type", "properties", "required",
                                            "nullable" };
    for (size_t i = 0; i < COUNT_OF(keywords); i++)
        if (slice_is(name, keywords[i]))
            return true;
    return false;
}

/* An object without `properties` is searched for them itself; a declared one can have only items.
 */
static void put_own_properties(struct prompt *p, const struct json *property, enum schema schema)
{
    const struct json *items = json_get(property, "items");
    if (schema == FREE) {
        put_properties_of(p, property, FREE);
        return;
    }
    if (json_kind(items) != JSON_KIND_OBJECT)
        return;
    put(p, "items:{");
    put_property_body(p, items, FREE);
    put(p, "}");
}

/* A comma between members, not before the first. */
static void separate(struct prompt *p, bool *has_members)
{
    put(p, *has_members ? "," : "");
    *has_members = true;
}

static void put_object_members(struct prompt *p, const struct json *property, enum schema schema,
                               bool *has_members)
{
    const struct json *properties = json_get(property, "properties");
    const struct json *required = json_get(property, "required");
    separate(p, has_members);
    put(p, "properties:{");
    if (json_kind(properties) == JSON_KIND_OBJECT)
        put_properties_of(p, properties, schema);
    else
        put_own_properties(p, property, schema);
    put(p, "}");
    if (n_strings(required)) {
        separate(p, has_members);
        put_strings(p, required, false, "required:[", "]");
    }
}

static void put_choice_values(struct prompt *p, const struct json *values)
{
    put(p, "enum:[");
    for (size_t i = 0; i < json_size(values); i++) {
        put(p, i ? "," QUOTE : QUOTE);
        put_plain(p, json_at(values, i));
        put(p, QUOTE);
    }
    put(p, "]");
}

static void put_property_body(struct prompt *p, const struct json *property, enum schema schema)
{
    const struct json *values = json_get(property, "enum"), *items = json_get(property, "items");
    struct slice description = json_text(json_get(property, "description"));
    struct slice type = leading_type(p, property, schema);
    bool has_members = false;
    if (description.length) {
        separate(p, &has_members);
        put_between(p, "description:" QUOTE, description, QUOTE);
    }
    if (slice_is(type, "STRING") && json_kind(values) == JSON_KIND_ARRAY && json_size(values)) {
        separate(p, &has_members);
        put_choice_values(p, values);
    }
    if (slice_is(type, "ARRAY") && json_kind(items) == JSON_KIND_OBJECT && json_size(items)) {
        separate(p, &has_members);
        put_items(p, items);
    }
    if (schema == FREE && json_flag(json_get(property, "nullable"), false)) {
        separate(p, &has_members);
        put(p, "nullable:true");
    }
    if (slice_is(type, "OBJECT"))
        put_object_members(p, property, schema, &has_members);
    if (!type.data)
        return;
    separate(p, &has_members);
    if (schema == DECLARED)
        put_between(p, "type:" QUOTE, type, QUOTE);
    else
        put_free_type(p, json_get(property, "type"));
}

static void put_properties_of(struct prompt *p, const struct json *properties, enum schema schema)
{
    size_t n;
    const struct named_value *members = sorted_members(p, properties, &n);
    bool is_first = true;
    for (size_t i = 0; i < n; i++) {
        bool is_schema = schema == DECLARED || json_kind(members[i].value) == JSON_KIND_OBJECT;
        if (is_keyword(members[i].name) || !is_schema)
            continue;
        put_between(p, is_first ? "" : ",", members[i].name, ":{");
        put_property_body(p, members[i].value, schema);
        put(p, "}");
        is_first = false;
    }
}

static void put_parameter_members(struct prompt *p, const struct json *parameters)
{
    const struct json *properties = json_get(parameters, "properties");
    const struct json *required = json_get(parameters, "required");
    struct slice type = json_text(json_get(parameters, "type"));
    bool has_members = false;
    if (json_size(properties)) {
        separate(p, &has_members);
        put(p, "properties:{");
        put_properties_of(p, properties, DECLARED);
        put(p, "}");
    }
    if (json_size(required)) {
        separate(p, &has_members);
        put_strings(p, required, false, "required:[", "]");
    }
    if (type.length) {
        separate(p, &has_members);
        put_between(p, "type:" QUOTE, upper_case(p, type), QUOTE);
    }
}

static void put_declaration(struct prompt *p, const struct json *function)
{
    const struct json *parameters = json_get(function, "parameters");
    put_between(p, "<|tool>declaration:", json_text(json_get(function, "name")), "{description:");
    put_quoted(p, json_text(json_get(function, "description")));
    if (json_kind(json_get(parameters, "properties")) == JSON_KIND_OBJECT ||
        json_text(json_get(parameters, "type")).length) {
        put(p, ",parameters:{");
        put_parameter_members(p, parameters);
        put(p, "}");
    }
    put(p, "}<tool|>");
}

/* ---- turns ---- */

/* A walk over the messages. */
struct turns {
    struct prompt *p;
    size_t last_user, n_images;
    bool follows_assistant; /* among messages that are no tool results */
    enum { AFTER_TEXT, AFTER_CALL, AFTER_RESULT } state;
};

static struct slice content_of(struct turns *t, const struct message *m, struct slice content)
{
    return t->p->image_tags ? image_tagged(t->p, content, m, &t->n_images) : content;
}

/* The text without the thoughts it still holds; what is not closed goes to the end. */
static struct slice without_thoughts(struct prompt *p, struct slice text)
{
    size_t begin = find_first(text, "<|channel>");
    if (begin == SIZE_MAX)
        return trim_space(text);
    struct slice all = joined(p, &text, 1);
    char *to = (char *)(uintptr_t)all.data;
    for (; !p->failed && begin != SIZE_MAX; begin = find_first(text, "<|channel>")) {
        size_t end = find_first(slice_from(text, begin), "<channel|>");
        memcpy(to, text.data, begin);
        to += begin;
        text = slice_from(text, end == SIZE_MAX ? text.length : begin + end + strlen("<channel|>"));
    }
    if (p->failed)
        return slice_of("");
    if (text.length)
        memcpy(to, text.data, text.length);
    return trim_space(slice_to(all, (size_t)(to - all.data) + text.length));
}

static struct slice result_name(const struct message *result, const struct message *caller)
{
    for (size_t i = 0; result->call_id.length && i < caller->n_calls; i++)
        if (slice_equal(call_id(caller, i), result->call_id))
            return call_name(caller, i);
    return result->tool_name.length ? result->tool_name : slice_of("unknown");
}

/* The calls of a message, and the results that follow it. */
static void put_calls(struct turns *t, const struct message *m, const struct message *end)
{
    struct prompt *p = t->p;
    if (m->n_calls == 0)
        return;
    t->state = AFTER_CALL;
    for (size_t i = 0; i < m->n_calls; i++) {
        const struct json *arguments = call_arguments(m, i);
        put_between(p, "<|tool_call>call:", call_name(m, i), "");
        put_object(p, arguments, false);
        put(p, "<tool_call|>");
    }
    for (const struct message *r = m + 1; r < end && is_role(r, "tool"); r++) {
        put_between(p, "<|tool_response>response:", result_name(r, m), "{value:");
        put_quoted(p, content_of(t, r, r->content));
        put(p, "}<tool_response|>");
        t->state = AFTER_RESULT;
    }
}

/* True when the message had something to say. */
static bool put_content(struct turns *t, const struct message *m)
{
    struct slice text = m->content;
    if (!is_role(m, "assistant"))
        text = trim_space(text);
    else if (text.length)
        text = without_thoughts(t->p, text);
    put_slice(t->p, content_of(t, m, text));
    return trim_space(text).length || m->n_images;
}

static void put_turn(struct turns *t, const struct message *m, const struct message *end,
                     bool is_present)
{
    struct prompt *p = t->p;
    bool is_model = is_role(m, "assistant");
    const struct message *next = m + 1;
    while (next < end && is_role(next, "tool"))
        next++;
    t->state = AFTER_TEXT;
    if (!is_model || !t->follows_assistant)
        put_between(p, "<|turn>", is_model ? slice_of("model") : m->role, "\n");
    if (is_model && m->thinking.length && is_present)
        put_between(p, "<|channel>thought\n", m->thinking, "\n<channel|>");
    put_calls(t, m, end);
    bool has_content = put_content(t, m), has_results = t->state == AFTER_RESULT;
    bool goes_on =
        is_model && next < end && is_role(next, "assistant") && (m->n_calls == 0 || has_results);
    bool is_open_end = has_results && !has_content && next == end;
    if (t->state == AFTER_CALL)
        put(p, "<|tool_response>");
    else if (!goes_on && !is_open_end)
        put(p, "<turn|>\n");
    t->follows_assistant = is_model;
}

static size_t put_system(struct prompt *p)
{
    bool has_system = p->n_messages &&
                      (is_role(&p->messages[0], "system") || is_role(&p->messages[0], "developer"));
    if (!has_system && p->n_tools == 0 && !p->think.is_on)
        return 0;
    put(p, "<|turn>system\n");
    put(p, p->think.is_on ? "<|think|>\n" : "");
    if (has_system)
        put_slice(p, trim_space(p->messages[0].content));
    for (size_t i = 0; i < p->n_tools; i++)
        put_declaration(p, json_get(json_at(p->tools, i), "function"));
    put(p, "<turn|>\n");
    return has_system;
}

/* The large models close an empty thought when they are not to think. */
static void render(struct prompt *p, bool closes_thought)
{
    struct turns t = { .p = p, .last_user = last_message(p, "user") };
    put(p, "<bos>");
    for (size_t i = put_system(p); i < p->n_messages; i++)
        if (!is_role(&p->messages[i], "tool"))
            put_turn(&t, &p->messages[i], p->messages + p->n_messages,
                     t.last_user == SIZE_MAX || i > t.last_user);
    if (t.state == AFTER_RESULT)
        put(p, p->think.is_on ? "<|channel>thought\n" : "");
    else if (t.state == AFTER_TEXT)
        put(p, closes_thought && !p->think.is_on ? "<|turn>model\n<|channel>thought\n<channel|>"
                                                 : "<|turn>model\n");
}

void render_gemma4_small(struct prompt *p)
{
    render(p, false);
}

void render_gemma4_large(struct prompt *p)
{
    render(p, true);
}
