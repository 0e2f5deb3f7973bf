/* grammar_cache.h: grammars of answers, kept for requests of the same form.
 *
 * Owns compiled grammars by all that they were made from (dialogue/answer_key.h): who works with
 * tools sends the same ones with every request. What was not asked for longest goes first. Forms
 * are of one tokenizer. Any thread. */
#ifndef GRAMMAR_CACHE_H
#define GRAMMAR_CACHE_H

#include "dialogue/answer_grammar.h"

struct grammar_cache;

struct grammar_cache_options {
    size_t most_grammars;
    size_t most_bytes; /* of grammars and keys together */
};
struct grammar_cache_options grammar_cache_defaults(void);

bool grammar_cache_open(struct grammar_cache **out, const struct grammar_cache_options *options,
                        struct error *err) MUST_CHECK;
/* Grammars that were given out live on. Accepts NULL, leaves NULL. */
void grammar_cache_close(struct grammar_cache **cache);

/* The grammar of a form, kept or made, for the caller to close; NULL when the form limits nothing.
 * Errors: those of answer_grammar_open. */
bool grammar_cache_grammar(struct grammar_cache *cache, struct grammar **out,
                           const struct answer_form *form, struct error *err) MUST_CHECK;

struct grammar_cache_state {
    size_t n_grammars, bytes;
    uint64_t n_made, n_found; /* since it was opened */
};
struct grammar_cache_state grammar_cache_state(struct grammar_cache *cache);

#endif
