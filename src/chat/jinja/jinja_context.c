#include "chat/jinja/jinja_context.h"

#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_integer.h"

static bool from_array(struct jinja_run *run, const struct json *node, struct jinja_value *out)
{
    size_t count = json_size(node);
    struct jinja_value *items = jinja_alloc(run, count, sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!jinja_from_json(run, json_at(node, i), &items[i]))
            return false;
    return jinja_new_list(run, JINJA_LIST, items, count, out);
}

static bool from_object(struct jinja_run *run, const struct json *node, struct jinja_value *out)
{
    struct jinja_dict *dict = jinja_new_dict(run, json_size(node));
    if (!dict)
        return false;
    for (const struct json_member *m = json_first(node); m; m = json_next(node, m)) {
        struct jinja_value key, value;
        if (!jinja_view_string(run, json_member_key(m), &key) ||
            !jinja_from_json(run, json_member_value(m), &value) ||
            !jinja_put(run, dict, &key, &value))
            return false;
    }
    *out = jinja_dict_value(dict);
    return true;
}

/* An integer of any length, as it is written. */
static bool from_digits(struct jinja_run *run, struct slice digits, struct jinja_value *out)
{
    struct jinja_value zero = jinja_integer(0);
    bool is_negative = digits.length && digits.data[0] == '-';
    digits = (struct slice){ digits.data + is_negative, digits.length - is_negative };
    return jinja_integer_parse(run, digits, 10, out) &&
           (!is_negative || jinja_integer_subtract(run, &zero, out, out));
}

static bool from_node(struct jinja_run *run, const struct json *node, struct jinja_value *out)
{
    switch (json_kind(node)) {
    case JSON_KIND_BOOL:
        *out = jinja_bool(json_flag(node, false));
        return true;
    case JSON_KIND_INTEGER:
        *out = jinja_integer(json_int(node, 0));
        return true;
    case JSON_KIND_LONG_INTEGER:
        return from_digits(run, json_digits(node), out);
    case JSON_KIND_REAL:
        *out = jinja_float(json_number(node, 0));
        return true;
    case JSON_KIND_STRING:
        return jinja_view_string(run, json_text(node), out);
    case JSON_KIND_ARRAY:
        return from_array(run, node, out);
    case JSON_KIND_OBJECT:
        return from_object(run, node, out);
    default:
        *out = jinja_none();
        return true;
    }
}

bool jinja_from_json(struct jinja_run *run, const struct json *node, struct jinja_value *out)
{
    if (!jinja_spend(run, 1) || !jinja_enter(run) || !from_node(run, node, out))
        return false;
    jinja_leave(run);
    return true;
}
