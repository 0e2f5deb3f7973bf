/* spelled_call.h: calls as the texts of a dialect spell them, for tests of what reads them.
 *
 * Owns the canonical spelling, which is also what a grammar of answers allows. */
#ifndef SPELLED_CALL_H
#define SPELLED_CALL_H

#include "base/json.h"
#include "base/text.h"
#include "chat/dialect.h"

/* Append all calls, an array of {"name", "arguments": {...}}, with what stands around and between
 * them. */
void spell_calls(struct text *out, const struct dialect *dialect, const struct json *calls);

#endif
