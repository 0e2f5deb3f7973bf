/* prompt_lookup.h: guesses at the next tokens from what the sequence holds already (prompt lookup
 * decoding, Saxena 2023).
 *
 * Owns a copy of the sequence's tokens and an index of where each run of LOOKUP_TOKENS last
 * occurred. Leaves to speculation.h how many guesses are worth checking. One thread. */
#ifndef PROMPT_LOOKUP_H
#define PROMPT_LOOKUP_H

#include "base/base.h"
#include "tokenizer/tokenizer.h"

enum { LOOKUP_TOKENS = 3 }; /* shorter runs repeat by chance */

struct prompt_lookup;

struct prompt_lookup *prompt_lookup_new(void) MUST_CHECK; /* NULL when memory is out */
void prompt_lookup_free(struct prompt_lookup **lookup);   /* accepts NULL, leaves NULL */

/* The sequence goes on with `token`. False when memory is out. */
bool prompt_lookup_push(struct prompt_lookup *lookup, token_id token) MUST_CHECK;
void prompt_lookup_clear(struct prompt_lookup *lookup);

/* Up to `most` tokens that followed the latest earlier occurrence of the sequence's end. *n_matched
 * gets how many tokens before the end agree there too, at most LOOKUP_LONGEST; 0 and no tokens when
 * there is none. */
enum { LOOKUP_LONGEST = 16 };
size_t prompt_lookup_guess(const struct prompt_lookup *lookup, token_id *tokens, size_t most,
                           size_t *n_matched);

#endif
