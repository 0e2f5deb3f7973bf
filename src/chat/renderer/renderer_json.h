/* renderer_json.h: tools and arguments in a prompt, spelled as the models were shown them.
 *
 * Owns the spellings: separators, escapes, numbers, order of members. Declared members of a tool
 * come in one fixed order and others are left out; parameters and arguments keep the order they
 * were given in; values inside them have their members sorted. */
#ifndef RENDERER_JSON_H
#define RENDERER_JSON_H

#include "chat/renderer/renderer_text.h"

struct json_style {
    bool spaced;   /* ", " and ": " instead of "," and ":" */
    bool indented; /* by four spaces, one member a line */
    bool sorted;   /* declared members, too */
    enum {
        ESCAPE_MARKUP, /* <, > and & as \u003c, \u003e and \u0026 */
        ESCAPE_LITTLE, /* only what JSON demands; parameters and arguments as above even so */
        ESCAPE_SOURCE, /* as string literals of a program: \x01, \u00a0 */
    } escape;
};

void put_json(struct prompt *p, const struct json *value, struct json_style style);
void put_json_string(struct prompt *p, struct slice string, struct json_style style);
void put_tool(struct prompt *p, const struct json *tool, struct json_style style);
void put_function(struct prompt *p, const struct json *function, struct json_style style);
void put_parameters(struct prompt *p, const struct json *parameters, struct json_style style);
void put_arguments(struct prompt *p, const struct json *arguments, struct json_style style);
/* All tools as one array. */
void put_tools(struct prompt *p, struct json_style style);
/* Schemas below `properties` or in `anyOf`: an array of them, or an object of them. */
void put_choices(struct prompt *p, const struct json *properties, struct json_style style);
void put_properties(struct prompt *p, const struct json *properties, struct json_style style);

/* A value as plain text: strings as they are, numbers with an exponent from a certain size on,
 * true, false, <nil>, [a b], map[k:v]. */
void put_plain(struct prompt *p, const struct json *value);
/* As above, but whole numbers without an exponent. */
void put_plain_number(struct prompt *p, const struct json *value);

/* An argument of a call: strings as they are, all else as JSON; or numbers as plain text, too. */
void put_argument(struct prompt *p, const struct json *value, struct json_style style);
void put_plain_argument(struct prompt *p, const struct json *value, struct json_style style);

/* The types a property allows; `type` may be one string or several. */
size_t n_types(const struct json *property);
struct slice type_at(const struct json *property, size_t index);

/* Members in the order of their names' bytes, in scratch memory; `*n` is 0 when that failed. */
struct named_value {
    struct slice name;
    const struct json *value;
};
const struct named_value *sorted_members(struct prompt *p, const struct json *object, size_t *n);

#endif
