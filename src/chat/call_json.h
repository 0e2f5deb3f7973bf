/* call_json.h: calls that are spelled as JSON, and JSON inside other spellings.
 *
 * Owns the reading of `{"name": ..., "arguments": {...}}`; private to the parsers. What a model
 * writes need not be UTF-8 or have each key once, which is told apart here from what is no JSON. */
#ifndef CALL_JSON_H
#define CALL_JSON_H

#include "chat/output_family.h"

/* Arguments of a call are built up to this size: all that can wait to be parsed, escaped. */
enum { CALL_BYTES = 96 << 20 };

/* Like json_open; bytes that are no UTF-8 count as U+FFFD. */
bool call_json_open(const struct json **out, struct slice text, struct error *err) MUST_CHECK;

/* Emit a call whose arguments are this object; absent or null: {}. Anything else is an error. */
bool emit_call_with(struct output_parser *p, struct slice name, const struct json *arguments,
                    struct slice id, struct error *err);

/* Emit the call that `text` spells as an object with a name and, maybe, arguments. */
bool emit_json_call(struct output_parser *p, struct slice text, struct error *err);

#endif
