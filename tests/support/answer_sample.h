/* answer_sample.h: random answers of a grammar, with what is most likely to be read wrongly.
 *
 * Owns a random walk that tries to write given texts (tags, words, quotes) wherever the grammar
 * lets it, besides random characters. One thread. */
#ifndef ANSWER_SAMPLE_H
#define ANSWER_SAMPLE_H

#include "base/text.h"
#include "runtime/grammar/matcher.h"

struct answer_sample {
    struct matcher *matcher;
    uint64_t *random;          /* not 0 */
    const struct slice *traps; /* [n_traps] */
    size_t n_traps;
    size_t length; /* from here on the answer is completed the shortest way */
};

/* Append one; the bytes CONSTRAINT_CONTROL of tags stay. */
bool answer_sample(const struct answer_sample *sample, struct text *out,
                   struct error *err) MUST_CHECK;

#endif
