/* answer_key.h: what tells one form of answers from another, as bytes.
 *
 * Owns the spelling of all that an answer's grammar is made from: forms of one tokenizer with equal
 * keys have equal grammars. Leaves keeping them to who has many. Pure functions. */
#ifndef ANSWER_KEY_H
#define ANSWER_KEY_H

#include "base/text.h"
#include "dialogue/answer_grammar.h"

/* Appends; false when memory or the text's limit is used up. */
bool answer_key_write(struct text *out, const struct answer_form *form) MUST_CHECK;

#endif
