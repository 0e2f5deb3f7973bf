/* call_json.h: calls that are spelled as one JSON object with a name and arguments.
 *
 * Owns the reading of `{"name": ..., "arguments": {...}}`; private to the parsers. */
#ifndef CALL_JSON_H
#define CALL_JSON_H

#include "chat/output/output_family.h"

/* Like json_open, for what a model writes: a key may come again (the last counts), bytes that are
 * no UTF-8 count as U+FFFD, nesting has the limit of call_value.h. */
bool call_json_open(const struct json **out, struct slice text, struct error *err) MUST_CHECK;

/* Emit the call that `text` spells. Arguments that are absent or null count as {}. */
bool emit_json_call(struct output_parser *p, struct slice text, struct error *err);

#endif
