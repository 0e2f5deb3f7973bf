#include "chat/json_members.h"

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

bool write_json_member(struct text *out, const char *name, const struct json *value)
{
    return write_name(out, name) && json_write(out, value);
}

bool write_text_unless_empty(struct text *out, const char *name, struct slice value)
{
    return value.length == 0 || write_text_member(out, name, value);
}
