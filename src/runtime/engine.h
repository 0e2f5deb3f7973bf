/* engine.h: one loaded model and the step that moves its sequences on.
 *
 * Owns weights, tokenizer, compiled plan, thread pool and the pages of keys and values. Leaves to
 * others which sequences a step serves (the caller), how a token is chosen (sampler.h) and what
 * text it is (tokenizer.h). engine_step is called by one thread at a time; the accessors by any. */
#ifndef ENGINE_H
#define ENGINE_H

#include "base/base.h"
#include "base/error.h"
#include "formats/weights.h"
#include "kernels/kernels.h"
#include "models/model.h"
#include "runtime/kv_cache.h"
#include "tokenizer/tokenizer.h"

struct engine;
struct sequence;

struct engine_options {
    size_t n_threads;          /* 0: all that this process may use */
    uint32_t n_ctx;            /* longest sequence; 0: the model's own */
    uint32_t max_batch_tokens; /* rows of a step */
    uint32_t max_outputs;      /* rows of a step that want logits */
    enum kv_type kv_type;      /* how keys and values are stored; KV_AUTO */
    uint64_t kv_budget_bytes;  /* 0: half of the memory that is free now */
    bool wants_hidden;         /* batch items tell the state that their logits are made from */
    bool keeps_prefixes;       /* what sequences leave is taken over by those that begin alike */
    unsigned cpu_features;     /* mask for tests; ~0u: all this machine has */
};
struct engine_options engine_defaults(void);
/* For steps in which so many sequences may each want logits. */
struct engine_options engine_defaults_for(uint32_t n_sequences);

/* `path`: GGUF file or model directory. */
bool engine_open(struct engine **out, const char *path, const struct engine_options *options,
                 struct error *err) MUST_CHECK;
void engine_close(struct engine **engine); /* accepts NULL, leaves NULL */

const struct weights *engine_weights(const struct engine *engine);
const struct model_config *engine_config(const struct engine *engine);
const char *engine_architecture(const struct engine *engine);
/* NULL: the model has none */
const struct tokenizer *engine_tokenizer(const struct engine *engine);
uint32_t engine_n_ctx(const struct engine *engine);
uint32_t engine_max_batch_tokens(const struct engine *engine);
uint32_t engine_max_outputs(const struct engine *engine);
uint64_t engine_load_ns(const struct engine *engine);
size_t engine_n_threads(const struct engine *engine);
enum kv_type engine_kv_type(const struct engine *engine); /* never KV_AUTO */

size_t engine_kv_page_bytes(const struct engine *engine); /* of KV_PAGE_TOKENS positions */

const struct kernels *engine_kernels(const struct engine *engine);

/* Measure where the steps from now on spend their time (array/profile.h); again: begin anew. */
struct profile_report;
bool engine_profile_start(struct engine *engine, struct error *err) MUST_CHECK;
void engine_profile_stop(struct engine *engine);
bool engine_profile(struct engine *engine, struct profile_report *out); /* false: not started */

/* What there is, and what there will be at most: nothing else grows with what the model is asked.
 */
struct engine_memory {
    uint64_t weights_bytes;      /* mapped from the file */
    uint64_t kv_used_bytes;      /* pages of sequences */
    uint64_t kv_cached_bytes;    /* pages that nobody uses, with what was evaluated before */
    uint64_t kv_allocated_bytes; /* both, and pages that are free */
    uint64_t kv_budget_bytes;
    uint64_t scratch_bytes; /* of steps, allocated by engine_open, touched as they need it */
};
/* To be called by the stepping thread, or while no step runs. */
void engine_memory(const struct engine *engine, struct engine_memory *out);

/* From now on; with less than is allocated, cached pages go at once and those of sequences when
 * they are given back. By the stepping thread. */
void engine_set_kv_budget(struct engine *engine, uint64_t budget_bytes);

/* A sequence of tokens whose keys and values are kept. Empty at first. */
bool sequence_open(struct sequence **out, struct engine *engine, struct error *err) MUST_CHECK;
void sequence_close(struct sequence **sequence); /* accepts NULL, leaves NULL */
uint32_t sequence_length(const struct sequence *sequence);
/* Forget all tokens from `length` on. */
void sequence_truncate(struct sequence *sequence, uint32_t length);

enum logits_wanted { LOGITS_NONE, LOGITS_LAST, LOGITS_ALL };

/* One sequence's part in a step. */
struct batch_item {
    struct sequence *sequence; /* each at most once in a batch */
    const token_id *tokens;    /* [n_tokens] appended to the sequence */
    uint32_t n_tokens;         /* >= 1 */
    enum logits_wanted wanted;
    float *logits; /* out: [n_tokens or 1] rows of n_vocab floats, valid until the next step; NULL
                      for LOGITS_NONE */
    size_t logits_stride; /* out: floats from one row to the next */
    /* With wants_hidden: the state after the last norm of the same rows, n_embd floats each. */
    bool hidden_only;    /* where all items with such rows say so, logits are not computed: NULL */
    const float *hidden; /* out: as logits */
    size_t hidden_stride;
};

/* Run all items together. Fails before anything changed when the batch is over max_batch_tokens or
 * max_outputs, a sequence would pass n_ctx (ERROR_CONTEXT), a token is outside the vocabulary, or
 * pages run out (ERROR_BUDGET). */
bool engine_step(struct engine *engine, struct batch_item *items, size_t n_items,
                 struct error *err) MUST_CHECK;

/* Feed any number of tokens to one sequence in as many steps as needed; logits (may be NULL) points
 * to those of the last token until the next step. `cancelled` (may be NULL) is looked at between
 * steps: ERROR_CANCELLED. */
bool engine_prefill(struct engine *engine, struct sequence *sequence, const token_id *tokens,
                    size_t n_tokens, float **logits, const volatile int *cancelled,
                    struct error *err) MUST_CHECK;

#endif
