#include "chat/template/chat_tools.h"

#include "base/json_members.h"

/* What is nested deeper is written as it was declared. */
enum { MAX_DEPTH = 32 };

static bool key_is(const struct json_member *member, const char *name)
{
    return slice_equal(json_member_key(member), slice_of(name));
}

/* The one type of several, or of several choices, that says most: the first that is not null. */
static struct slice main_type(const struct json *type, const struct json *choices)
{
    if (json_kind(type) == JSON_KIND_STRING)
        return json_text(type);
    for (size_t i = 0; i < json_size(type); i++)
        if (!slice_equal(json_text(json_at(type, i)), slice_of("null")))
            return json_text(json_at(type, i));
    type = json_get(json_at(choices, 0), "type");
    return json_kind(type) == JSON_KIND_STRING ? json_text(type) : slice_of("string");
}

/* What is being written, and how deep inside of a tool's parameters. */
struct schema_form {
    bool completed, simplified;
    unsigned depth;
};

static bool write_schema(struct text *out, const struct json *schema, struct schema_form form);

static bool write_key(struct text *out, const struct json_member *m)
{
    return write_comma(out) && json_write_string(out, json_member_key(m)) &&
           text_append_byte(out, ':');
}

static bool write_properties(struct text *out, const struct json *properties,
                             struct schema_form form)
{
    bool ok = text_append_byte(out, '{');
    for (const struct json_member *m = json_first(properties); ok && m;
         m = json_next(properties, m))
        ok = write_key(out, m) && write_schema(out, json_member_value(m), form);
    return ok && text_append_byte(out, '}');
}

static bool write_member(struct text *out, const struct json_member *m, struct schema_form form)
{
    const struct json *value = json_member_value(m);
    if (!write_key(out, m))
        return false;
    if (form.simplified && key_is(m, "type"))
        return json_write_string(out, main_type(value, NULL));
    if (key_is(m, "properties") && json_kind(value) == JSON_KIND_OBJECT)
        return write_properties(out, value, form);
    if (key_is(m, "items") && json_kind(value) == JSON_KIND_OBJECT)
        return write_schema(out, value, form);
    return json_write(out, value);
}

/* `schema` may be `true`, which allows anything. */
static bool write_schema(struct text *out, const struct json *schema, struct schema_form form)
{
    if (form.depth++ >= MAX_DEPTH || (json_kind(schema) != JSON_KIND_OBJECT && !form.simplified))
        return json_write(out, schema);
    bool ok = text_append_byte(out, '{');
    for (const struct json_member *m = json_first(schema); ok && m; m = json_next(schema, m))
        ok = write_member(out, m, form);
    if (form.simplified && !json_get(schema, "type"))
        ok = ok && write_text_member(out, "type", main_type(NULL, json_get(schema, "anyOf")));
    if (form.completed && !json_get(schema, "description"))
        ok = ok && write_text_member(out, "description", slice_of(""));
    return ok && text_append_byte(out, '}');
}

static bool write_parameters(struct text *out, const struct json *parameters,
                             struct schema_form form)
{
    const struct json *properties = json_get(parameters, "properties");
    bool ok = write_name(out, "parameters") && text_append_byte(out, '{') &&
              write_text_member(out, "type", slice_of("object")) && write_name(out, "properties") &&
              write_properties(out, properties, form);
    for (const struct json_member *m = json_first(parameters); ok && m;
         m = json_next(parameters, m))
        if (!key_is(m, "type") && !key_is(m, "properties"))
            ok = write_key(out, m) && json_write(out, json_member_value(m));
    if (form.completed && !json_get(parameters, "required"))
        ok = ok && write_name(out, "required") && text_append_string(out, "[]");
    return ok && text_append_byte(out, '}');
}

static bool write_function(struct text *out, const struct json *function, struct schema_form form)
{
    bool ok = write_text_member(out, "name", json_text(json_get(function, "name")));
    if (form.completed || json_get(function, "description"))
        ok = ok &&
             write_text_member(out, "description", json_text(json_get(function, "description")));
    ok = ok && write_parameters(out, json_get(function, "parameters"), form);
    return ok && (!json_get(function, "return") ||
                  write_json_member(out, "return", json_get(function, "return")));
}

bool chat_write_tools(struct text *out, const struct json *tools, bool completed, bool simplified)
{
    struct schema_form form = { completed, simplified, 0 };
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < json_size(tools); i++)
        ok = write_comma(out) && text_append_string(out, "{\"type\":\"function\",\"function\":{") &&
             write_function(out, json_get(json_at(tools, i), "function"), form) &&
             text_append_string(out, "}}");
    return ok && text_append_byte(out, ']');
}
