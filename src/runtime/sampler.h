/* sampler.h: how the next token is chosen from logits.
 *
 * Owns its options, the tokens it has seen (for penalties), its random state and scratch memory, so
 * that a choice allocates nothing. The order is llama.cpp's: biases, repeat, presence and frequency
 * penalties over the last tokens, then top-k, typical-p, top-p, min-p, temperature, draw. The same
 * seed, logits and number of draws give the same token on every machine. One thread at a time. */
#ifndef SAMPLER_H
#define SAMPLER_H

#include "base/base.h"
#include "base/error.h"
#include "kernels/kernels.h"

struct sampler;

/* Added to a token's logit (OpenAI's logit_bias). -100 bans: the token is chosen only where no
 * other is possible. 100 forces, since logits lie closer together than that. */
struct token_bias {
    int32_t token;
    float bias; /* -100 to 100 */
};
enum { SAMPLER_MOST_BIASES = 1024 };

struct sampler_options {
    float temperature; /* 0: the likeliest token after penalties, lowest id on ties */
    int32_t top_k;     /* 0: all */
    float top_p, min_p, typical_p;
    int32_t repeat_last_n; /* tokens that penalties look back on; 0: off, -1: all */
    float repeat_penalty, presence_penalty, frequency_penalty;
    int64_t seed; /* negative: random */
    /* [n_bias] copied; of several for one token the last counts, as of keys in JSON */
    const struct token_bias *bias;
    size_t n_bias;
};
struct sampler_options sampler_defaults(void);

/* Options out of range are ERROR_USAGE naming the option, its value and what is allowed. `kernels`
 * must outlive the sampler. */
bool sampler_open(struct sampler **out, const struct sampler_options *options, size_t n_vocab,
                  const struct kernels *kernels, struct error *err) MUST_CHECK;
void sampler_close(struct sampler **sampler); /* accepts NULL, leaves NULL */

/* Tell of a token of the prompt or of the answer. False when memory is out (repeat_last_n -1 keeps
 * all). */
bool sampler_accept(struct sampler *sampler, int32_t token) MUST_CHECK;

/* Forget the tokens, not the random state. */
void sampler_clear(struct sampler *sampler);

/* Choose from logits [n_vocab], which are not changed. `allowed` is a bit per token (bit t % 32 of
 * word t / 32) or NULL. `logprob` (may be NULL) gets the natural logarithm of the token's
 * probability by the raw logits: what the model said, whatever biases, penalties, temperature,
 * filters and `allowed` made of it. Fails when a logit is NaN or INFINITY, or no token is possible.
 */
bool sampler_pick(struct sampler *sampler, const float *logits, const uint32_t *allowed,
                  int32_t *token, float *logprob, struct error *err) MUST_CHECK;

enum { SAMPLER_MOST_TOP_LOGPROBS = 20 }; /* as OpenAI's and Ollama's top_logprobs */

struct token_logprob {
    int32_t token;
    float logprob; /* natural logarithm */
};

/* What the model said of the next token, by the raw logits as sampler_pick's `logprob`: of `token`
 * (in the vocabulary) to *logprob, of the n_top likeliest to top [n_top], likeliest first, the
 * lower id on ties. *n_found: how many of them have a probability above 0. Allocates nothing. */
bool sampler_logprobs(const struct sampler *sampler, const float *logits, int32_t token,
                      float *logprob, struct token_logprob *top, size_t n_top, size_t *n_found,
                      struct error *err) MUST_CHECK;

/* For measurements: each of the next n picks chooses as ever and notes that in `own` [n], but
 * answers with the next of `script` [n]. Both borrowed until then; n = 0 ends it early. */
void sampler_follow(struct sampler *sampler, const int32_t *script, int32_t *own, size_t n);

#endif
