/* prompt_lookup.h: guesses at the next tokens from what the sequence holds already (prompt lookup
 * decoding, Saxena 2023).
 *
 * Owns a copy of the sequence's tokens, an index of where runs of one, two and four tokens last
 * occurred, and the place that the text is a copy of, if it is one. Leaves to speculation.h how
 * many guesses are worth checking. One thread. */
#ifndef PROMPT_LOOKUP_H
#define PROMPT_LOOKUP_H

#include "base/base.h"
#include "tokenizer/tokenizer.h"

struct prompt_lookup;

struct prompt_lookup *prompt_lookup_new(void) MUST_CHECK; /* NULL when memory is out */
void prompt_lookup_free(struct prompt_lookup **lookup);   /* accepts NULL, leaves NULL */

/* The sequence goes on with `token`. False when memory is out. */
bool prompt_lookup_push(struct prompt_lookup *lookup, token_id token) MUST_CHECK;
void prompt_lookup_clear(struct prompt_lookup *lookup);

/* All tokens of the sequence, valid until the next push. */
const token_id *prompt_lookup_tokens(const struct prompt_lookup *lookup, size_t *n);

enum { LOOKUP_LONGEST = 16 };

struct lookup_guess {
    const token_id *tokens; /* [n_tokens] borrowed until the next push */
    size_t n_tokens;        /* 0: no guess */
    size_t n_matched; /* tokens before them that equal the sequence's end, <= LOOKUP_LONGEST */
    bool is_copy;     /* they lie where a copy that was under way would go on */
    bool has_second;  /* the sequence had such an end at another place too, */
    size_t n_agreed;  /* and there as many of the tokens followed */
};

/* At most `most` tokens that followed where the sequence once ended as it does now: where it was
 * being copied from, else where most tokens agree, else the latest such place. */
struct lookup_guess prompt_lookup_guess(struct prompt_lookup *lookup, size_t most);

#endif
