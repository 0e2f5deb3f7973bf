/* attend.h: one attention of a step, shared out among the threads.
 *
 * Owns the division into portions: blocks of queries and KV heads, and where these are too few for
 * the threads, runs of key segments whose results are joined by whoever comes last. Owns the memory
 * of these results too. Leaves arithmetic to kernels/attention.h, and with it that no division
 * changes a bit. Called by all threads of a job at once. */
#ifndef ATTEND_H
#define ATTEND_H

#include "array/plan.h"

/* What is shared between the threads. */
struct attend_parts {
    float *partials; /* [n_floats] */
    size_t n_floats;
    _Atomic uint32_t *n_done; /* [n_blocks] runs that are done of a block; 0 between attentions */
    size_t n_blocks;          /* ATTEND_PORTIONS threads */
};

/* For a pool of that size and rows of partials of `row_floats` floats; nothing for one thread. */
bool attend_parts_open(struct attend_parts *parts, size_t n_threads, size_t row_floats,
                       struct error *err) MUST_CHECK;
void attend_parts_release(struct attend_parts *parts);
size_t attend_parts_bytes(const struct attend_parts *parts);

struct attend {
    const struct attention_kernels *kernels;
    enum kv_type kv_type;
    struct thread_pool *pool;
    const struct attend_parts *parts;
    const struct step *step;
    struct attention job; /* of row 0: pages and position are left to the segments of the step */
};

/* `scratch` is the calling thread's own. */
void attend_run(const struct attend *attend, void *scratch);

#endif
