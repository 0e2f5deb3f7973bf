#include "base/json.h"

#include "base/memory.h"
#include "base/utf8.h"

#include <errno.h>
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

/* Jansson refuses integers beyond 64 bits, which documents do hold (the limits in JSON Schemas).
 * They are read in a second attempt: a 0 is put in their places in a copy of the text, and in the
 * document a string that no text can hold, since it begins with a byte that UTF-8 does not have. */
enum { LONG_INTEGER_MARK = 0xff };

static bool is_long_integer(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) > 0 &&
           (unsigned char)json_string_value(value)[0] == LONG_INTEGER_MARK;
}

/* The length of the number at `p`; *is_long tells whether it is an integer of more than 64 bits. */
static size_t number_length(const char *p, size_t left, bool *is_long)
{
    char digits[24] = "", *end;
    size_t n = 0;
    while (n < left && p[n] && strchr("+-.0123456789eE", p[n]))
        n++;
    *is_long = !memchr(p, '.', n) && !memchr(p, 'e', n) && !memchr(p, 'E', n) && n > 18;
    if (*is_long && n < sizeof digits) {
        memcpy(digits, p, n);
        errno = 0;
        (void)strtoll(digits, &end, 10);
        *is_long = errno == ERANGE;
    }
    return n;
}

/* The next number outside strings at or after *p; false when there is none. */
static bool find_number(const char **p, const char *end)
{
    bool in_string = false;
    for (; *p < end; ++*p) {
        if (in_string && **p == '\\' && *p + 1 < end)
            ++*p;
        else if (**p == '"')
            in_string = !in_string;
        else if (!in_string && (**p == '-' || (**p >= '0' && **p <= '9')))
            return true;
    }
    return false;
}

/* Put the mark and digits in place of the zeros: numbers are met in the order of the text. */
static bool restore_digits(json_t *value, const char **p, const char *end);

static bool restore_member(json_t *value, const char **p, const char *end, json_t **restored)
{
    bool is_long;
    *restored = NULL;
    if (!json_is_number(value))
        return restore_digits(value, p, end);
    if (!find_number(p, end))
        return false;
    size_t n = number_length(*p, (size_t)(end - *p), &is_long);
    if (is_long) {
        char *marked = memory_zeroed(n + 1, 1);
        if (!marked)
            return false;
        marked[0] = (char)LONG_INTEGER_MARK;
        memcpy(marked + 1, *p, n);
        *restored = json_stringn_nocheck(marked, n + 1);
        memory_free(marked);
    }
    *p += n;
    return !is_long || *restored;
}

static bool restore_digits(json_t *value, const char **p, const char *end)
{
    json_t *restored;
    bool ok = true;
    for (size_t i = 0; ok && i < json_array_size(value); i++) {
        ok = restore_member(json_array_get(value, i), p, end, &restored);
        if (ok && restored)
            ok = json_array_set_new(value, i, restored) == 0;
    }
    for (void *it = json_object_iter(value); ok && it; it = json_object_iter_next(value, it)) {
        ok = restore_member(json_object_iter_value(it), p, end, &restored);
        if (ok && restored)
            ok = json_object_iter_set_new(value, it, restored) == 0;
    }
    return ok;
}

static json_t *load_with_long_integers(const char *bytes, size_t length, size_t flags,
                                       json_error_t *problem)
{
    char *copy = memory_zeroed(length + 1, 1);
    if (!copy)
        return NULL;
    memcpy(copy, bytes, length);
    for (const char *p = copy; find_number(&p, copy + length);) {
        bool is_long;
        size_t n = number_length(p, (size_t)(copy + length - p), &is_long);
        if (is_long) {
            memset(copy + (p - copy), ' ', n);
            copy[p - copy] = '0';
        }
        p += n;
    }
    json_t *root = json_loadb(copy, length, flags, problem), *restored;
    memory_free(copy);
    const char *p = bytes;
    if (root && !restore_member(root, &p, bytes + length, &restored)) {
        json_decref(root);
        return NULL;
    }
    if (root && restored) {
        json_decref(root);
        root = restored;
    }
    return root;
}

/* Long integers find their places by counting numbers, so beside them duplicates are refused. */
static bool open_with(const struct json **out, size_t flags, const char *bytes, size_t length,
                      const char *what, struct error *err)
{
    json_error_t problem;
    flags |= JSON_ALLOW_NUL | JSON_DECODE_ANY;
    json_t *root = json_loadb(bytes, length, flags, &problem);
    if (!root && json_error_code(&problem) == json_error_numeric_overflow)
        root = load_with_long_integers(bytes, length, flags | JSON_REJECT_DUPLICATES, &problem);
    *out = json_of(root);
    if (!root)
        return fail(err, ERROR_FORMAT, "'%s' is not valid JSON: line %d, column %d: %s", what,
                    problem.line, problem.column, printable(slice_of(problem.text)));
    return true;
}

bool json_open(const struct json **out, const char *bytes, size_t length, const char *what,
               struct error *err)
{
    return open_with(out, JSON_REJECT_DUPLICATES, bytes, length, what, err);
}

bool json_open_loosely(const struct json **out, const char *bytes, size_t length, const char *what,
                       struct error *err)
{
    return open_with(out, JSON_DISABLE_EOF_CHECK, bytes, length, what, err);
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
    if (is_long_integer(node_of(node)))
        return JSON_KIND_LONG_INTEGER;
    return node ? kinds[json_typeof(node_of(node))] : JSON_KIND_NONE;
}

bool json_is_numeric(const struct json *node)
{
    enum json_kind kind = json_kind(node);
    return kind == JSON_KIND_INTEGER || kind == JSON_KIND_LONG_INTEGER || kind == JSON_KIND_REAL;
}

const struct json *json_get(const struct json *object, const char *key)
{
    return json_of(json_object_get(node_of(object), key));
}

const struct json *json_member(const struct json *object, struct slice key)
{
    for (const struct json_member *m = json_first(object); m; m = json_next(object, m))
        if (slice_equal(json_member_key(m), key))
            return json_member_value(m);
    return NULL;
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

struct slice json_digits(const struct json *node)
{
    if (json_kind(node) != JSON_KIND_LONG_INTEGER)
        return (struct slice){ "", 0 };
    return (struct slice){ json_string_value(node_of(node)) + 1,
                           json_string_length(node_of(node)) - 1 };
}

double json_number(const struct json *node, double fallback)
{
    if (json_kind(node) == JSON_KIND_LONG_INTEGER)
        return strtod(json_digits(node).data, NULL);
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
    if (json_kind(value) == JSON_KIND_LONG_INTEGER)
        return text_append_slice(out, json_digits(value));
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
    case JSON_KIND_LONG_INTEGER:
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
