#include "chat/chat_tools.h"

#include "chat/json_members.h"

/* What is nested deeper is written as it was declared. */
enum { MAX_DEPTH = 32 };

static bool key_is(const struct json_member *member, const char *name)
{
    return slice_equal(json_member_key(member), slice_of(name));
}

/* The one type of several that says most: the first that is not null. */
static struct slice main_type(const struct json *type)
{
    if (json_kind(type) == JSON_KIND_STRING)
        return json_text(type);
    for (size_t i = 0; i < json_size(type); i++)
        if (!slice_equal(json_text(json_at(type, i)), slice_of("null")))
            return json_text(json_at(type, i));
    return slice_of("string");
}

static bool write_schema(struct text *out, const struct json *schema, unsigned depth);

static bool write_properties(struct text *out, const struct json *properties, unsigned depth)
{
    bool ok = text_append_byte(out, '{');
    for (const struct json_member *m = json_first(properties); ok && m;
         m = json_next(properties, m))
        ok = write_comma(out) && json_write_string(out, json_member_key(m)) &&
             text_append_byte(out, ':') && write_schema(out, json_member_value(m), depth);
    return ok && text_append_byte(out, '}');
}

static bool write_member(struct text *out, const struct json_member *m, unsigned depth)
{
    const struct json *value = json_member_value(m);
    bool ok = write_comma(out) && json_write_string(out, json_member_key(m)) &&
              text_append_byte(out, ':');
    if (key_is(m, "type"))
        return ok && json_write_string(out, main_type(value));
    if (key_is(m, "properties") && json_kind(value) == JSON_KIND_OBJECT)
        return ok && write_properties(out, value, depth);
    if (key_is(m, "items") && json_kind(value) == JSON_KIND_OBJECT)
        return ok && write_schema(out, value, depth);
    return ok && json_write(out, value);
}

/* `schema` may be `true`, which allows anything. */
static bool write_schema(struct text *out, const struct json *schema, unsigned depth)
{
    if (depth >= MAX_DEPTH)
        return json_write(out, schema);
    bool ok = text_append_byte(out, '{');
    for (const struct json_member *m = json_first(schema); ok && m; m = json_next(schema, m))
        ok = write_member(out, m, depth + 1);
    if (!json_get(schema, "type"))
        ok = ok && write_text_member(out, "type", slice_of("string"));
    if (!json_get(schema, "description"))
        ok = ok && write_text_member(out, "description", slice_of(""));
    return ok && text_append_byte(out, '}');
}

static bool write_parameters(struct text *out, const struct json *parameters)
{
    const struct json *properties = json_get(parameters, "properties");
    bool ok = write_name(out, "parameters") && text_append_byte(out, '{') &&
              write_text_member(out, "type", slice_of("object")) && write_name(out, "properties") &&
              write_properties(out, properties, 0);
    for (const struct json_member *m = json_first(parameters); ok && m;
         m = json_next(parameters, m))
        if (!key_is(m, "type") && !key_is(m, "properties"))
            ok = write_member(out, m, 0);
    return ok && text_append_byte(out, '}');
}

bool chat_write_complete_tools(struct text *out, const struct json *tools)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < json_size(tools); i++) {
        const struct json *function = json_get(json_at(tools, i), "function");
        ok = write_comma(out) && text_append_byte(out, '{') &&
             write_text_member(out, "type", slice_of("function")) && write_name(out, "function") &&
             text_append_byte(out, '{') &&
             write_text_member(out, "name", json_text(json_get(function, "name"))) &&
             write_text_member(out, "description", json_text(json_get(function, "description"))) &&
             write_parameters(out, json_get(function, "parameters")) &&
             text_append_string(out, "}}");
    }
    return ok && text_append_byte(out, ']');
}
