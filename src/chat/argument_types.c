#include "chat/argument_types.h"

#include "chat/call_json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

static void add_type(struct argument_types *types, const struct json *type)
{
    struct slice name = json_text(type);
    types->is_boolean |= slice_equal(name, slice_of("boolean"));
    types->is_integer |= slice_equal(name, slice_of("integer"));
    types->is_number |= slice_equal(name, slice_of("number"));
    types->is_array |= slice_equal(name, slice_of("array"));
    types->is_object |= slice_equal(name, slice_of("object"));
    types->count++;
}

static void add_types(struct argument_types *types, const struct json *type)
{
    if (json_kind(type) == JSON_KIND_STRING)
        add_type(types, type);
    for (size_t i = 0; json_kind(type) == JSON_KIND_ARRAY && i < json_size(type); i++)
        add_type(types, json_at(type, i));
}

struct argument_types argument_types_of(const struct json *declaration)
{
    struct argument_types types = { 0 };
    const struct json *any_of = json_get(declaration, "anyOf");
    for (size_t i = 0; i < json_size(any_of); i++)
        add_types(&types, json_get(json_at(any_of, i), "type"));
    if (json_size(any_of) == 0)
        add_types(&types, json_get(declaration, "type"));
    return types;
}

/* Whatever the case of its letters. */
static bool is_word(struct slice raw, const char *word)
{
    return raw.length == strlen(word) && strncasecmp(raw.data, word, raw.length) == 0;
}

enum { NUMBER_BYTES = 400 }; /* longer texts are no numbers: doubles have at most 309 digits */

/* Decimal digits with a sign, and nothing else. */
static bool read_integer(struct slice raw, int64_t *value)
{
    char digits[NUMBER_BYTES + 1] = "", *end;
    size_t sign = raw.length && (raw.data[0] == '-' || raw.data[0] == '+');
    if (raw.length == sign || raw.length > NUMBER_BYTES)
        return false;
    for (size_t i = sign; i < raw.length; i++)
        if (raw.data[i] < '0' || raw.data[i] > '9')
            return false;
    memcpy(digits, raw.data, raw.length);
    errno = 0;
    *value = strtoll(digits, &end, 10);
    return errno == 0;
}

/* The same with a fraction and an exponent; neither infinite nor NaN nor hexadecimal. */
static bool read_number(struct slice raw, double *value)
{
    char digits[NUMBER_BYTES + 1] = "", *end;
    if (raw.length == 0 || raw.length > NUMBER_BYTES)
        return false;
    memcpy(digits, raw.data, raw.length);
    if (strspn(digits, "+-.0123456789eE") != raw.length)
        return false;
    *value = strtod(digits, &end);
    return end == digits + raw.length && isfinite(*value);
}

static bool write_integral(struct text *out, double value)
{
    return fabs(value) < 9223372036854775808.0 ? text_printf(out, "%" PRId64, (int64_t)value)
                                               : text_printf(out, "%.17g", value);
}

static bool write_real(struct text *out, double value)
{
    char digits[40];
    if (value == trunc(value))
        return write_integral(out, value);
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    return text_append_string(out, digits);
}

enum attempt { WRITTEN, NOT_OF_THAT_KIND, OUT_OF_MEMORY };

/* As JSON of this kind, if that is what it is. */
static enum attempt try_document(struct text *out, struct slice raw, enum json_kind kind)
{
    const struct json *value;
    char first = kind == JSON_KIND_ARRAY ? '[' : '{';
    struct error ignored;
    if (!memchr(raw.data, first, raw.length) || !call_json_open(&value, raw, &ignored))
        return NOT_OF_THAT_KIND;
    enum attempt result = json_kind(value) != kind ? NOT_OF_THAT_KIND
                          : json_write(out, value) ? WRITTEN
                                                   : OUT_OF_MEMORY;
    json_close(&value);
    return result;
}

static enum attempt try_scalar(struct text *out, struct slice raw,
                               const struct argument_types *types)
{
    int64_t integer;
    double real;
    bool ok;
    if (is_word(raw, "null"))
        ok = text_append_string(out, "null");
    else if (types->is_boolean && is_word(raw, "true"))
        ok = text_append_string(out, "true");
    else if (types->is_boolean && (types->count == 1 || is_word(raw, "false")))
        ok = text_append_string(out, "false");
    else if (types->is_integer && read_integer(raw, &integer))
        ok = text_printf(out, "%" PRId64, integer);
    else if (types->is_number && read_number(raw, &real))
        ok = write_real(out, real);
    else
        return NOT_OF_THAT_KIND;
    return ok ? WRITTEN : OUT_OF_MEMORY;
}

bool argument_write(struct text *out, struct slice raw, const struct argument_types *types)
{
    enum attempt done = try_scalar(out, raw, types);
    if (done == NOT_OF_THAT_KIND && types->is_array)
        done = try_document(out, raw, JSON_KIND_ARRAY);
    if (done == NOT_OF_THAT_KIND && types->is_object)
        done = try_document(out, raw, JSON_KIND_OBJECT);
    return done == NOT_OF_THAT_KIND ? json_write_string(out, raw) : done == WRITTEN;
}
