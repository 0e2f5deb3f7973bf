/* gemma4_call.h: calls spelled call:name{key:<|"|>text<|"|>,other:1}, as Gemma 4 does.
 *
 * Owns that syntax and the repair of what the model is known to get wrong in it; private to the
 * parsers. */
#ifndef GEMMA4_CALL_H
#define GEMMA4_CALL_H

#include "chat/output/output_family.h"

#define GEMMA4_QUOTE "<|\"|>"

/* Emit the call. Errors: ERROR_FORMAT when it cannot be read, even repaired; nothing is emitted
 * then. */
bool emit_gemma4_call(struct output_parser *p, struct slice text, struct error *err) MUST_CHECK;

#endif
