/* json.h: JSON documents, read; the only header in front of the JSON library (Jansson).
 *
 * Owns the parsed document. A `struct json` is a node inside it and lives as long as the document.
 * Getters accept NULL and nodes of another type and then return "nothing", so a chain needs one
 * check at its end. Objects keep the order of the text. Any thread may read; one thread opens and
 * closes. */
#ifndef JSON_H
#define JSON_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

struct json; /* one node */

/* Parse `length` bytes (UTF-8; NUL in strings allowed). `what` names the source in messages, which
 * also give line and column. json_close frees the whole document and is called on the root only. */
bool json_open(const struct json **out, const char *bytes, size_t length, const char *what,
               struct error *err) MUST_CHECK;
/* The same as most decoders take what a stranger sends: the last of several members of one name
 * wins, and bytes after the first value are ignored. */
bool json_open_loosely(const struct json **out, const char *bytes, size_t length, const char *what,
                       struct error *err) MUST_CHECK;
void json_close(const struct json **root); /* accepts NULL, leaves NULL */

enum json_kind {
    JSON_KIND_NONE, /* absent */
    JSON_KIND_NULL,
    JSON_KIND_BOOL,
    JSON_KIND_INTEGER,      /* written without fraction or exponent */
    JSON_KIND_LONG_INTEGER, /* the same, but beyond 64 bits with sign */
    JSON_KIND_REAL,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
};
enum json_kind json_kind(const struct json *node);
bool json_is_numeric(const struct json *node); /* of any of the three kinds */

/* Member or element; NULL when absent. */
const struct json *json_get(const struct json *object, const char *key);
const struct json *json_member(const struct json *object, struct slice key); /* NULs allowed */
const struct json *json_at(const struct json *array, size_t index);

/* Number of members or elements; 0 for anything else. */
size_t json_size(const struct json *node);

/* Walk an object in order: for (it = json_first(o); it; it = json_next(o, it)). */
struct json_member;
const struct json_member *json_first(const struct json *object);
const struct json_member *json_next(const struct json *object, const struct json_member *member);
struct slice json_member_key(const struct json_member *member);
const struct json *json_member_value(const struct json_member *member);

/* Values; the fallback when the node is absent or of another type. */
struct slice json_text(const struct json *node);   /* { "", 0 } */
struct slice json_digits(const struct json *node); /* a long integer as written, else "" */
double json_number(const struct json *node, double fallback);
int64_t json_int(const struct json *node, int64_t fallback); /* reals of integral value count */
bool json_flag(const struct json *node, bool fallback);

/* Append `bytes` as a JSON string with quotes; bytes that are not UTF-8 become U+FFFD. */
bool json_write_string(struct text *out, struct slice bytes);

/* Append a value as JSON without white space, members in their order; reals in the fewest digits
 * that give them back. Deep nesting was refused when the document was opened. */
bool json_write(struct text *out, const struct json *value);

#endif
