#include "base/json.h"

#include "base/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *node_of(const struct json *node)
{
    return (json_t *)(uintptr_t)node;
}

static const struct json *json_of(json_t *value)
{
    return (const struct json *)value;
}

bool json_open(const struct json **out, const char *bytes, size_t length, const char *what,
               struct error *err)
{
    json_error_t problem;
    size_t flags = JSON_ALLOW_NUL | JSON_DECODE_ANY | JSON_REJECT_DUPLICATES;
    json_t *root = json_loadb(bytes, length, flags, &problem);
    *out = json_of(root);
    if (!root)
        return fail(err, ERROR_FORMAT, "'%s' is not valid JSON: line %d, column %d: %s", what,
                    problem.line, problem.column, printable(slice_of(problem.text)));
    return true;
}

void json_close(const struct json **root)
{
    json_decref(node_of(*root));
    *root = NULL;
}

enum json_kind json_kind(const struct json *node)
{
    static const enum json_kind kinds[] = {
        [JSON_OBJECT] = JSON_KIND_OBJECT, [JSON_ARRAY] = JSON_KIND_ARRAY,
        [JSON_STRING] = JSON_KIND_STRING, [JSON_INTEGER] = JSON_KIND_INTEGER,
        [JSON_REAL] = JSON_KIND_REAL,     [JSON_TRUE] = JSON_KIND_BOOL,
        [JSON_FALSE] = JSON_KIND_BOOL,    [JSON_NULL] = JSON_KIND_NULL,
    };
    return node ? kinds[json_typeof(node_of(node))] : JSON_KIND_NONE;
}

const struct json *json_get(const struct json *object, const char *key)
{
    return json_of(json_object_get(node_of(object), key));
}

const struct json *json_at(const struct json *array, size_t index)
{
    return json_of(json_array_get(node_of(array), index));
}

size_t json_size(const struct json *node)
{
    return json_is_object(node_of(node)) ? json_object_size(node_of(node))
                                         : json_array_size(node_of(node));
}

const struct json_member *json_first(const struct json *object)
{
    return json_object_iter(node_of(object));
}

static void *iterator_of(const struct json_member *member)
{
    return (void *)(uintptr_t)member;
}

const struct json_member *json_next(const struct json *object, const struct json_member *member)
{
    return json_object_iter_next(node_of(object), iterator_of(member));
}

struct slice json_member_key(const struct json_member *member)
{
    return (struct slice){ json_object_iter_key(iterator_of(member)),
                           json_object_iter_key_len(iterator_of(member)) };
}

const struct json *json_member_value(const struct json_member *member)
{
    return json_of(json_object_iter_value(iterator_of(member)));
}

struct slice json_text(const struct json *node)
{
    if (json_kind(node) != JSON_KIND_STRING)
        return (struct slice){ "", 0 };
    return (struct slice){ json_string_value(node_of(node)), json_string_length(node_of(node)) };
}

double json_number(const struct json *node, double fallback)
{
    return json_is_number(node_of(node)) ? json_number_value(node_of(node)) : fallback;
}

int64_t json_int(const struct json *node, int64_t fallback)
{
    if (json_kind(node) == JSON_KIND_INTEGER)
        return json_integer_value(node_of(node));
    double value = json_number(node, 0.5);
    bool integral = value >= -9007199254740992.0 && value <= 9007199254740992.0 &&
                    value == (double)(int64_t)value;
    return integral ? (int64_t)value : fallback;
}

bool json_flag(const struct json *node, bool fallback)
{
    return json_kind(node) == JSON_KIND_BOOL ? json_is_true(node_of(node)) : fallback;
}

bool json_write_string(struct text *out, struct slice bytes)
{
    bool ok = text_append_byte(out, '"');
    for (size_t i = 0; ok && i < bytes.length;) {
        unsigned char c = (unsigned char)bytes.data[i];
        size_t n = utf8_length((const uint8_t *)bytes.data + i, bytes.length - i);
        if (n == 0) {
            ok = text_append_string(out, "\xef\xbf\xbd");
            i++;
        } else if (n > 1) {
            ok = text_append(out, bytes.data + i, n);
            i += n;
        } else {
            if (c == '"' || c == '\\')
                ok = text_printf(out, "\\%c", c);
            else if (c == '\n')
                ok = text_append_string(out, "\\n");
            else if (c < 0x20 || c == 0x7f)
                ok = text_printf(out, "\\u%04x", c);
            else
                ok = text_append_byte(out, (char)c);
            i++;
        }
    }
    return ok && text_append_byte(out, '"');
}

static bool write_number(struct text *out, const struct json *value)
{
    if (json_kind(value) == JSON_KIND_INTEGER)
        return text_printf(out, "%" PRId64, json_int(value, 0));
    double x = json_number(value, 0);
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, x);
        if (strtod(digits, NULL) == x)
            break;
    }
    return text_append_string(out, digits);
}

static bool write_array(struct text *out, const struct json *array)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < json_size(array); i++)
        ok = (i == 0 || text_append_byte(out, ',')) && json_write(out, json_at(array, i));
    return ok && text_append_byte(out, ']');
}

static bool write_object(struct text *out, const struct json *object)
{
    const struct json_member *first = json_first(object);
    bool ok = text_append_byte(out, '{');
    for (const struct json_member *m = first; ok && m; m = json_next(object, m))
        ok = (m == first || text_append_byte(out, ',')) &&
             json_write_string(out, json_member_key(m)) && text_append_byte(out, ':') &&
             json_write(out, json_member_value(m));
    return ok && text_append_byte(out, '}');
}

bool json_write(struct text *out, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_KIND_BOOL:
        return text_append_string(out, json_flag(value, false) ? "true" : "false");
    case JSON_KIND_INTEGER:
    case JSON_KIND_REAL:
        return write_number(out, value);
    case JSON_KIND_STRING:
        return json_write_string(out, json_text(value));
    case JSON_KIND_ARRAY:
        return write_array(out, value);
    case JSON_KIND_OBJECT:
        return write_object(out, value);
    default:
        return text_append_string(out, "null");
    }
}
