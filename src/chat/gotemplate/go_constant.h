/* go_constant.h: constants as Go spells them.
 *
 * Owns numbers, characters and quoted text. What they become lies in the arena. */
#ifndef GO_CONSTANT_H
#define GO_CONSTANT_H

#include "base/arena.h"
#include "chat/gotemplate/go_lexer.h"
#include "chat/gotemplate/go_value.h"

/* The value of a number, character or string token. */
bool go_constant(struct go_value *out, struct go_token token, struct arena *arena,
                 struct error *err) MUST_CHECK;

#endif
