/* bits_per_byte.h: how well a model predicts a text, whatever its tokens are.
 *
 * Shares nothing with `hearth perplexity` but the definition: the sum of -log2 of each token's
 * probability, divided by the bytes that the tokens stand for. One thread. */
#ifndef BITS_PER_BYTE_H
#define BITS_PER_BYTE_H

#include "base/base.h"
#include "base/error.h"

/* Every token of `text` but the first, where the vocabulary has no beginning token. Where the
 * context is full, the next one begins with the last token read. */
bool bits_per_byte(const char *model, struct slice text, double *bits,
                   struct error *err) MUST_CHECK;

#endif
