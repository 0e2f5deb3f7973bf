/* laguna_call.h: calls as Laguna spells them: as JSON, as a name and JSON, or as a name with the
 * tags of arg_value_call.h.
 *
 * Owns these spellings and the names under which the model knows some tools; private to the
 * parsers. */
#ifndef LAGUNA_CALL_H
#define LAGUNA_CALL_H

#include "chat/output/output_family.h"

#define LAGUNA_CALL     "<tool_call>"
#define LAGUNA_CALL_END "</tool_call>"

/* Emit the call. Errors: ERROR_FORMAT when it has no name, or JSON that is none. */
bool emit_laguna_call(struct output_parser *p, struct slice text, struct error *err) MUST_CHECK;

/* The same, but only of a declared tool: *is_call tells whether it is one; what cannot be read is
 * none. */
bool emit_declared_laguna_call(struct output_parser *p, struct slice text, bool *is_call,
                               struct error *err) MUST_CHECK;

#endif
