/* constraint.h: one answer's form: a grammar, and how far the answer has come in it.
 *
 * Owns the states and masks of its grammar, which others may hold, too. Leaves the choice among
 * allowed tokens to sampler.h. An answer is always complete: when the room for it gets short,
 * tokens after which it could not be finished any more are not taken. One thread; grammars and the
 * tokens of a vocabulary are shared by any number. */
#ifndef CONSTRAINT_H
#define CONSTRAINT_H

#include "base/base.h"
#include "base/error.h"
#include "runtime/grammar/grammar.h"
#include "runtime/grammar/matcher.h"
#include "runtime/sampler.h"
#include "tokenizer/tokenizer.h"

/* A vocabulary as a tree of bytes: made once for a model, immutable. The bytes of a control token
 * are CONSTRAINT_CONTROL, which no text has, and its name ("\xFE<tool_call>"): it is possible where
 * a grammar says so and nowhere else. */
struct constraint_tokens;

#define CONSTRAINT_CONTROL "\xFE"

/* `n_vocab`: how many logits the model has. The tokenizer must outlive it. */
bool constraint_tokens_open(struct constraint_tokens **out, const struct tokenizer *tokenizer,
                            size_t n_vocab, struct error *err) MUST_CHECK;
void constraint_tokens_close(struct constraint_tokens **tokens); /* accepts NULL, leaves NULL */

/* "json" (any object) or the text of a JSON Schema. */
bool constraint_format_open(struct grammar **out, struct slice format,
                            struct error *err) MUST_CHECK;

struct constraint;

/* Takes the caller's hold on the grammar, also on failure. `tokens` must outlive the constraint. */
bool constraint_open(struct constraint **out, struct grammar *grammar,
                     const struct constraint_tokens *tokens, struct error *err) MUST_CHECK;
void constraint_close(struct constraint **constraint); /* accepts NULL, leaves NULL */

/* A new answer. */
void constraint_begin(struct constraint *c);

/* Where the answer stands: a number that stays good, so that one may come back to it. */
matcher_state constraint_state(const struct constraint *c);
void constraint_return(struct constraint *c, matcher_state state);

/* A bit per token that may come next, as sampler_pick takes them, valid until the next call;
 * *n_allowed (may be NULL) counts them. End tokens are allowed when the answer is complete. */
bool constraint_mask(struct constraint *c, const uint32_t **mask, size_t *n_allowed,
                     struct error *err) MUST_CHECK;

/* The next token out of the allowed ones, when `room` more, this one counted, may come; -1 when the
 * answer is complete and whatever goes on with it would be too long. */
bool constraint_pick(struct constraint *c, struct sampler *sampler, const float *logits,
                     size_t room, token_id *token, struct error *err) MUST_CHECK;

/* The answer goes on with a token. ERROR_USAGE when that is not allowed. */
bool constraint_accept(struct constraint *c, token_id token, struct error *err) MUST_CHECK;

/* How many of the tokens may follow one after another, up to where the answer is over. */
bool constraint_peek(struct constraint *c, const token_id *tokens, size_t n, size_t *n_allowed,
                     struct error *err) MUST_CHECK;

bool constraint_is_over(const struct constraint *c);     /* nothing may follow */
bool constraint_is_complete(const struct constraint *c); /* "" may follow */

/* ERROR_CONTEXT, with both numbers, when `room` tokens cannot complete the answer. */
bool constraint_check_room(struct constraint *c, size_t room, struct error *err) MUST_CHECK;

#endif
