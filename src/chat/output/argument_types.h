/* argument_types.h: the text of an argument, as a JSON value of a type that its tool declares.
 *
 * Owns the order in which the declared types are tried, from the narrowest to the string that fits
 * everything; private to the parsers and to the grammar of what they read. */
#ifndef ARGUMENT_TYPES_H
#define ARGUMENT_TYPES_H

#include "base/json.h"

struct argument_types {
    bool is_string, is_null, is_boolean, is_integer, is_number, is_array, is_object;
    size_t count; /* of declared types, also others than these */
};

/* Of an argument, from the schema of its tool's parameters: those of all of "anyOf", else "type",
 * one name or several; where neither is said, what references, alternatives and listed values tell.
 * Looks a few levels deep. */
struct argument_types argument_types_of(const struct json *parameters, struct slice name);

/* Whether it can be nothing but a string. */
bool argument_is_text(const struct argument_types *types);

/* Append `raw` as JSON: null in any case, else the first declared type that it can be read as, else
 * a string. Where boolean is the only type, what is not true is false. */
bool argument_write(struct text *out, struct slice raw, const struct argument_types *types,
                    struct error *err) MUST_CHECK;

#endif
