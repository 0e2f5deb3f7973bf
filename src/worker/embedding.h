/* embedding.h: one text as a vector: the model's state after reading it.
 *
 * Owns the text's tokens, its sequence, and what was gathered of the states so far. Opened by any
 * thread, then the scheduler's only. */
#ifndef EMBEDDING_H
#define EMBEDDING_H

#include "base/base.h"
#include "base/error.h"
#include "runtime/engine.h"

struct embedding;

enum pooling {
    POOLING_LAST, /* the state of the last token */
    POOLING_MEAN, /* of all of them */
};

/* As the model's metadata say; the last token where they say nothing. ERROR_UNSUPPORTED. */
bool pooling_of_model(enum pooling *out, bool *is_declared, const struct engine *engine,
                      struct error *err) MUST_CHECK;

/* Takes over the list, which has at least one token, also on failure. */
bool embedding_open(struct embedding **out, struct engine *engine, struct token_list *tokens,
                    enum pooling pooling, struct error *err) MUST_CHECK;
void embedding_close(struct embedding **embedding); /* accepts NULL, leaves NULL */

size_t embedding_n_tokens(const struct embedding *embedding);
size_t embedding_n_pending(const struct embedding *embedding); /* 0: it is there */
bool embedding_wants_every_row(const struct embedding *embedding);

/* At most `most_rows` (>= 1) of what is pending; then, after the step, what came of them. */
void embedding_offer(const struct embedding *embedding, uint32_t most_rows,
                     struct batch_item *item);
void embedding_settle(struct embedding *embedding, const struct batch_item *item);

/* Give the pages back. What is not there yet is read again from the beginning. */
void embedding_yield(struct embedding *embedding);

/* [*n], not normalized. */
const float *embedding_values(const struct embedding *embedding, size_t *n);

#endif
