/* argument_grammar.h: the arguments of a call, as a dialect spells them and their schema allows.
 *
 * Owns which spelling is read back as which value: nothing is in the language that a reader of
 * answers would take for another value than the schema allows. Where arguments are not JSON, only
 * those that are declared are written, and in that order. One thread. */
#ifndef ARGUMENT_GRAMMAR_H
#define ARGUMENT_GRAMMAR_H

#include "base/json.h"
#include "chat/dialect.h"
#include "runtime/grammar/grammar.h"
#include "tokenizer/tokenizer.h"

struct argument_grammar;

/* Expressions are those of g; close it after the last one. The dialect has calls. */
bool argument_grammar_open(struct argument_grammar **out, struct grammar *g,
                           const struct dialect *dialect, const struct tokenizer *tokenizer,
                           struct error *err) MUST_CHECK;
void argument_grammar_close(struct argument_grammar **arguments); /* accepts NULL, leaves NULL */

/* Between name_end and close. `parameters` NULL: none. Errors: ERROR_UNSUPPORTED naming keyword and
 * path for what cannot be enforced or spelled. */
bool argument_grammar_expr(struct argument_grammar *arguments, const struct json *parameters,
                           grammar_expr *out, struct error *err) MUST_CHECK;

#endif
