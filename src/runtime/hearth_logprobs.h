/* hearth_logprobs.h: what the model said of the tokens of one event.
 *
 * Owns the lists and the texts that events point to. Leaves the arithmetic to sampler.h. One
 * thread. */
#ifndef HEARTH_LOGPROBS_H
#define HEARTH_LOGPROBS_H

#include "hearth.h"

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "runtime/sampler.h"
#include "tokenizer/tokenizer.h"

/* Zero-initialize. */
struct logprobs {
    struct hearth_token_logprobs *tokens; /* [n_tokens] */
    struct hearth_logprob *entries;       /* [n_entries] of each token itself, then its likeliest */
    size_t n_tokens, tokens_capacity, n_entries, entries_capacity;
    struct text bytes;
};

void logprobs_release(struct logprobs *l);
void logprobs_clear(struct logprobs *l);

/* One more chosen token, from its logits [n_vocab]; n_top <= SAMPLER_MOST_TOP_LOGPROBS. */
bool logprobs_add(struct logprobs *l, const struct sampler *sampler,
                  const struct tokenizer *tokenizer, const float *logits, token_id token,
                  size_t n_top, struct error *err) MUST_CHECK;

/* For the event; valid until something is added or cleared. */
const struct hearth_token_logprobs *logprobs_view(struct logprobs *l, size_t *n);

#endif
