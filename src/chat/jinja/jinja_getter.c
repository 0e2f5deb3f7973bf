#include "chat/jinja/jinja_getter.h"

#include "chat/jinja/jinja_access.h"
#include "chat/jinja/jinja_unicode.h"

static bool is_number(struct slice text, int64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || i > 9)
            return false;
        *number = *number * 10 + (text.data[i] - '0');
    }
    return text.length > 0;
}

/* The part of `rest` up to `separator`, which is skipped. */
static struct slice next_part(struct slice *rest, char separator, bool *is_last)
{
    const char *end = rest->length ? memchr(rest->data, separator, rest->length) : NULL;
    struct slice part = { rest->data, end ? (size_t)(end - rest->data) : rest->length };
    *is_last = !end;
    if (end)
        *rest = (struct slice){ end + 1, rest->length - part.length - 1 };
    return part;
}

static bool parse_path(struct jinja_run *run, struct slice text, struct jinja_value *out)
{
    struct jinja_items parts = { 0 };
    bool is_last = false;
    while (!is_last) {
        struct slice name = next_part(&text, '.', &is_last);
        struct jinja_value part;
        int64_t number;
        if (is_number(name, &number))
            part = jinja_integer(number);
        else if (!jinja_view_string(run, name, &part))
            return false;
        if (!jinja_push(run, &parts, &part))
            return false;
    }
    return jinja_new_list(run, JINJA_LIST, parts.items, parts.count, out);
}

bool jinja_new_getter(struct jinja_run *run, const struct jinja_value *attribute, bool has_several,
                      struct jinja_getter *out)
{
    struct jinja_items paths = { 0 };
    struct jinja_value path, list;
    bool is_last = false;
    *out = (struct jinja_getter){ .fallback = jinja_missing(), .makes_list = has_several };
    if (!jinja_is_given(attribute) || attribute->kind == JINJA_NONE)
        return true;
    if (attribute->kind != JINJA_STRING) {
        if (attribute->kind != JINJA_INTEGER)
            return jinja_fail(run, "an attribute is a name or a number, not a %s",
                              jinja_type_name(attribute));
        struct jinja_items one = { 0 };
        if (!jinja_push(run, &one, attribute) ||
            !jinja_new_list(run, JINJA_LIST, one.items, 1, &path) ||
            !jinja_push(run, &paths, &path))
            return false;
        is_last = true;
    }
    struct slice rest = is_last ? (struct slice){ "", 0 } : jinja_slice(attribute);
    while (!is_last) {
        struct slice text = rest;
        if (has_several)
            text = next_part(&rest, ',', &is_last);
        is_last = is_last || !has_several;
        if (!parse_path(run, text, &path) || !jinja_push(run, &paths, &path))
            return false;
    }
    if (!jinja_new_list(run, JINJA_LIST, paths.items, paths.count, &list))
        return false;
    out->paths = list.list;
    return true;
}

static bool follow_path(struct jinja_run *run, const struct jinja_getter *getter,
                        const struct jinja_list *path, const struct jinja_value *element,
                        struct jinja_value *out)
{
    *out = *element;
    for (size_t i = 0; i < path->count; i++) {
        if (!jinja_spend(run, 1) || !jinja_item(run, out, &path->items[i], out))
            return false;
        if (out->kind == JINJA_UNDEFINED && jinja_is_given(&getter->fallback))
            *out = getter->fallback;
    }
    return true;
}

static bool without_case(struct jinja_run *run, struct jinja_value *v)
{
    size_t mark = jinja_mark(run);
    return v->kind != JINJA_STRING ||
           (jinja_write_case(run, jinja_slice(v), JINJA_LOWER) && jinja_take(run, mark, v));
}

bool jinja_get(struct jinja_run *run, const struct jinja_getter *getter,
               const struct jinja_value *element, struct jinja_value *out)
{
    size_t count = getter->paths ? getter->paths->count : 1;
    struct jinja_value *found = getter->makes_list ? jinja_alloc(run, count, sizeof *found) : out;
    if (!found)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!getter->paths)
            found[i] = *element;
        else if (!follow_path(run, getter, getter->paths->items[i].list, element, &found[i]))
            return false;
        if (getter->ignores_case && !without_case(run, &found[i]))
            return false;
    }
    return !getter->makes_list || jinja_new_list(run, JINJA_LIST, found, count, out);
}
