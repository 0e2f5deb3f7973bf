/* sample.h: random texts of a grammar, for testing what a grammar allows.
 *
 * Owns the random walk. One thread. */
#ifndef GRAMMAR_SAMPLE_H
#define GRAMMAR_SAMPLE_H

#include "base/text.h"
#include "runtime/grammar/matcher.h"

/* A text of the language: random for about `length` bytes, then completed the shortest way. *random
 * is the state of the generator and not 0. */
bool grammar_sample(struct matcher *m, uint64_t *random, size_t length, struct text *out,
                    struct error *err) MUST_CHECK;

#endif
