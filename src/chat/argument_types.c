#include "chat/argument_types.h"

#include "chat/call_value.h"
#include "chat/white_space.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

enum { INTEGER_BYTES = 40 }; /* longer texts are no numbers of 64 bits, but strings */

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

/* Digits of a number of 64 bits. */
static bool is_integer(struct slice raw)
{
    char digits[INTEGER_BYTES + 1] = "", *end;
    if (raw.length > INTEGER_BYTES || !is_number(raw))
        return false;
    memcpy(digits, raw.data, raw.length);
    errno = 0;
    (void)strtoll(digits, &end, 10);
    return *end == '\0' && errno == 0;
}

static char first_byte(struct slice raw)
{
    struct slice trimmed = trim_left(raw);
    return trimmed.length ? trimmed.data[0] : '\0';
}

/* As the first of the types that fit; ERROR_FORMAT when none does. */
static bool write_typed(struct text *out, struct slice raw, const struct argument_types *types,
                        struct error *err)
{
    if (is_word(raw, "null"))
        return write_word_value(out, "null", err);
    if (types->is_boolean && is_word(raw, "true"))
        return write_word_value(out, "true", err);
    if (types->is_boolean && (types->count == 1 || is_word(raw, "false")))
        return write_word_value(out, "false", err);
    if ((types->is_integer && is_integer(raw)) || (types->is_number && is_number(raw)))
        return write_number_value(out, raw, err);
    if ((types->is_array && first_byte(raw) == '[') || (types->is_object && first_byte(raw) == '{'))
        return write_json_value(out, raw, err);
    return fail(err, ERROR_FORMAT, "an argument is of another type");
}

bool argument_write(struct text *out, struct slice raw, const struct argument_types *types,
                    struct error *err)
{
    struct error problem = { 0 };
    size_t begin = out->length;
    if (write_typed(out, raw, types, &problem))
        return true;
    out->length = begin;
    return is_unreadable_only(&problem, err) && write_string_value(out, raw, err);
}
