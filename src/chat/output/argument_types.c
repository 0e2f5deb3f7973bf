#include "chat/output/argument_types.h"

#include "chat/output/call_value.h"
#include "base/slice_text.h"
#include "chat/white_space.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

enum {
    INTEGER_BYTES = 40, /* longer texts are no numbers of 64 bits, but strings */
    MAX_DEPTH = 8,      /* of alternatives and references */
    MAX_STEPS = 1000,
};

/* A declaration while it is looked at; alternatives and references may go on without end. */
struct search {
    const struct json *root; /* where references begin */
    struct argument_types types;
    int steps, depth;
};

static void add_name(struct argument_types *types, struct slice name)
{
    types->is_string |= slice_is(name, "string");
    types->is_null |= slice_is(name, "null");
    types->is_boolean |= slice_is(name, "boolean");
    types->is_integer |= slice_is(name, "integer");
    types->is_number |= slice_is(name, "number");
    types->is_array |= slice_is(name, "array");
    types->is_object |= slice_is(name, "object");
    types->count++;
}

static void add_names(struct argument_types *types, const struct json *type)
{
    if (json_kind(type) == JSON_KIND_STRING)
        add_name(types, json_text(type));
    for (size_t i = 0; json_kind(type) == JSON_KIND_ARRAY && i < json_size(type); i++)
        if (json_kind(json_at(type, i)) == JSON_KIND_STRING)
            add_name(types, json_text(json_at(type, i)));
}

static const char *name_of_kind(enum json_kind kind)
{
    static const char *const names[] = {
        [JSON_KIND_NONE] = "none",     [JSON_KIND_NULL] = "null",
        [JSON_KIND_BOOL] = "boolean",  [JSON_KIND_INTEGER] = "integer",
        [JSON_KIND_REAL] = "number",   [JSON_KIND_LONG_INTEGER] = "integer",
        [JSON_KIND_STRING] = "string", [JSON_KIND_ARRAY] = "array",
        [JSON_KIND_OBJECT] = "object",
    };
    return names[kind];
}

/* What "$ref" names by a JSON pointer; NULL for any other reference. */
static const struct json *follow(const struct json *root, struct slice reference)
{
    const struct json *at = begins_with(reference, "#") ? root : NULL;
    for (size_t i = 1, n; at && i < reference.length; i += n + 1) {
        struct slice rest = slice_from(reference, i + 1);
        const char *slash = rest.length ? memchr(rest.data, '/', rest.length) : NULL;
        n = slash ? (size_t)(slash - rest.data) : rest.length;
        at = json_member(at, slice_to(rest, n));
    }
    return at;
}

static void search(struct search *s, const struct json *declaration);

static void search_all(struct search *s, const struct json *declarations)
{
    for (size_t i = 0; json_kind(declarations) == JSON_KIND_ARRAY && i < json_size(declarations);
         i++)
        search(s, json_at(declarations, i));
}

/* What is said without a type: by a reference, by the values themselves. */
static void search_further(struct search *s, const struct json *declaration)
{
    const struct json *values = json_get(declaration, "enum"),
                      *only = json_get(declaration, "const"),
                      *reference = json_get(declaration, "$ref");
    for (size_t i = 0; json_kind(values) == JSON_KIND_ARRAY && i < json_size(values); i++)
        add_name(&s->types, slice_of(name_of_kind(json_kind(json_at(values, i)))));
    if (only)
        add_name(&s->types, slice_of(name_of_kind(json_kind(only))));
    if (reference)
        search(s, follow(s->root, json_text(reference)));
    search_all(s, json_get(declaration, "oneOf"));
    search_all(s, json_get(declaration, "allOf"));
}

static void search(struct search *s, const struct json *declaration)
{
    size_t before = s->types.count;
    if (!declaration || s->depth == MAX_DEPTH || s->steps++ == MAX_STEPS)
        return;
    s->depth++;
    search_all(s, json_get(declaration, "anyOf"));
    if (s->types.count == before)
        add_names(&s->types, json_get(declaration, "type"));
    if (s->types.count == before)
        search_further(s, declaration);
    s->depth--;
}

struct argument_types argument_types_of(const struct json *parameters, struct slice name)
{
    struct search s = { .root = parameters };
    search(&s, json_member(json_get(parameters, "properties"), name));
    return s.types;
}

bool argument_is_text(const struct argument_types *types)
{
    return types->is_string && !types->is_null && !types->is_boolean && !types->is_integer &&
           !types->is_number && !types->is_array && !types->is_object;
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
