/* python_call.h: calls spelled as Python spells them: [name(key='text', other=1), second()].
 *
 * Owns that syntax as LFM2 writes it; private to the parsers. Keyword arguments only; what stands
 * between quotes is taken as it is, backslashes too. */
#ifndef PYTHON_CALL_H
#define PYTHON_CALL_H

#include "chat/output/output_family.h"

/* Emit all calls in `text`. Errors: ERROR_FORMAT when one cannot be read, or there is none; nothing
 * is emitted then. */
bool emit_python_calls(struct output_parser *p, struct slice text, struct error *err) MUST_CHECK;

#endif
