/* json_schema.h: JSON Schema (draft 2020-12 and 7) as a grammar of JSON texts.
 *
 * Owns the keywords. A keyword that cannot be enforced is ERROR_UNSUPPORTED naming it and its path
 * (JSON pointer); nothing is ever let through unchecked. Objects are written in the order that the
 * schema declares, additional members behind; numbers, strings and white space in a canonical
 * subset of JSON that a model writes easily, so that every text of the language is valid under the
 * schema. */
#ifndef JSON_SCHEMA_H
#define JSON_SCHEMA_H

#include "base/json.h"
#include "runtime/grammar/grammar.h"

enum json_spacing {
    JSON_SPACING_FREE, /* up to one line break and some indentation where JSON allows white space */
    JSON_SPACING_COMPACT, /* none */
};

struct json_schema_options {
    enum json_spacing spacing;
    uint32_t max_depth; /* of values of any type, where the schema leaves them open; 0: 64 */
};

/* `schema` NULL: any object (format "json"). */
bool json_schema_open(struct grammar **out, const struct json *schema,
                      const struct json_schema_options *options, struct error *err) MUST_CHECK;

/* The same as an expression in a grammar that is being built, for tool calls. */
bool json_schema_expr(struct grammar *g, const struct json *schema,
                      const struct json_schema_options *options, grammar_expr *out,
                      struct error *err) MUST_CHECK;

#endif
