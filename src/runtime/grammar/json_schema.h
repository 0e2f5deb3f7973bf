/* json_schema.h: JSON Schema (draft 2020-12 and 7) as a grammar of JSON texts.
 *
 * Owns the keywords. A keyword that cannot be enforced is ERROR_UNSUPPORTED naming it and its path
 * (a JSON pointer); nothing is let through unchecked, and every text of the language is valid under
 * the schema. What the schema says nothing about is as free as the specification has it (additional
 * members too). Members are written in the order of their declaration, additional ones behind; the
 * spelling is that of json_text.h. Keywords that no draft knows are annotations. */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include "base/json.h"
#include "runtime/grammar/grammar.h"

enum json_spacing {
    JSON_SPACING_FREE,    /* after '{' '[' ',' ':' and before '}' ']': a space, or a line break and
                             indentation, or nothing */
    JSON_SPACING_COMPACT, /* none */
};

/* `schema` NULL: any object (format "json"). Errors: ERROR_FORMAT for what is no schema,
 * ERROR_UNSUPPORTED as above or when no document is valid. */
bool json_schema_open(struct grammar **out, const struct json *schema, enum json_spacing spacing,
                      struct error *err) MUST_CHECK;

/* The same as an expression in a grammar that is being built; what it says of `schema` ends before
 * grammar_finish. */
bool json_schema_expr(struct grammar *g, const struct json *schema, enum json_spacing spacing,
                      grammar_expr *out, struct error *err) MUST_CHECK;

#endif
