/* regular.h: languages without recursion, as automata that can be combined.
 *
 * Owns deterministic automata over bytes: what grammars alone cannot say (both this and that, this
 * but not that) is computed here and goes back into a grammar as rules. Immutable; any thread. */
#ifndef REGULAR_H
#define REGULAR_H

#include "runtime/grammar/grammar.h"

struct regular;

/* The language of a finished grammar. Errors: ERROR_UNSUPPORTED when it has more than a few
 * thousand states (recursion, or counts that multiply). */
bool regular_from(struct regular **out, const struct grammar *grammar,
                  struct error *err) MUST_CHECK;
void regular_close(struct regular **regular); /* accepts NULL, leaves NULL */

/* Texts of both, and texts of a that are not texts of b. Errors as above. */
bool regular_both(struct regular **out, const struct regular *a, const struct regular *b,
                  struct error *err) MUST_CHECK;
bool regular_without(struct regular **out, const struct regular *a, const struct regular *b,
                     struct error *err) MUST_CHECK;

bool regular_copy(struct regular **out, const struct regular *r, struct error *err) MUST_CHECK;

bool regular_is_empty(const struct regular *r);
bool regular_has(const struct regular *r, struct slice text);

/* The same language in a grammar that is being built. */
grammar_expr regular_expr(struct grammar *g, const struct regular *r);

#endif
