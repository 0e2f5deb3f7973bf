#include "base/json_members.h"

bool write_comma(struct text *out)
{
    char last = out->length ? out->data[out->length - 1] : '[';
    return last == '[' || last == '{' || text_append_byte(out, ',');
}

bool write_name(struct text *out, const char *name)
{
    return write_comma(out) && json_write_string(out, slice_of(name)) && text_append_byte(out, ':');
}

bool write_text_member(struct text *out, const char *name, struct slice value)
{
    return write_name(out, name) && json_write_string(out, value);
}

bool write_null_member(struct text *out, const char *name)
{
    return write_name(out, name) && text_append_string(out, "null");
}

bool write_json_member(struct text *out, const char *name, const struct json *value)
{
    return write_name(out, name) && json_write(out, value);
}

bool write_text_unless_empty(struct text *out, const char *name, struct slice value)
{
    return value.length == 0 || write_text_member(out, name, value);
}

static bool write_element(struct text *out, const struct json *value, bool is_first)
{
    return (is_first || text_append_string(out, ", ")) && json_write_spaced(out, value);
}

/* As deep as the document, whose depth was limited when it was opened. */
bool json_write_spaced(struct text *out, const struct json *value)
{
    enum json_kind kind = json_kind(value);
    bool ok = true, is_first = true;
    if (kind != JSON_KIND_ARRAY && kind != JSON_KIND_OBJECT)
        return json_write(out, value);
    if (kind == JSON_KIND_ARRAY) {
        ok = text_append_byte(out, '[');
        for (size_t i = 0; ok && i < json_size(value); i++)
            ok = write_element(out, json_at(value, i), i == 0);
        return ok && text_append_byte(out, ']');
    }
    ok = text_append_byte(out, '{');
    for (const struct json_member *m = json_first(value); ok && m; m = json_next(value, m)) {
        ok = (is_first || text_append_string(out, ", ")) &&
             json_write_string(out, json_member_key(m)) && text_append_string(out, ": ") &&
             json_write_spaced(out, json_member_value(m));
        is_first = false;
    }
    return ok && text_append_byte(out, '}');
}

bool write_integer_member(struct text *out, const char *name, int64_t value)
{
    return write_name(out, name) && text_printf(out, "%" PRId64, value);
}

bool write_flag_member(struct text *out, const char *name, bool value)
{
    return write_name(out, name) && text_append_string(out, value ? "true" : "false");
}

bool write_string_member(struct text *out, const char *name, const char *value)
{
    return write_text_member(out, name, slice_of(value));
}

bool write_array_member(struct text *out, const char *name, struct slice elements)
{
    return write_name(out, name) && text_append_byte(out, '[') &&
           text_append_slice(out, elements) && text_append_byte(out, ']');
}
