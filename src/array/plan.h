/* plan.h: a graph made ready to run, and the running of it.
 *
 * A plan is a flat list of phases. All threads run a phase together and meet at a barrier; inside a
 * phase there are either operations that work row by row (each row passes through all of them while
 * it is in the cache), or matmuls that read the same or different prepared inputs, or one
 * attention. Owns the arena, whose layout comes from the values' lifetimes, and the threads'
 * scratch memory. The numbers of rows are arguments of plan_run, which allocates nothing. One plan
 * is run by one thread (and its pool) at a time. */
#ifndef PLAN_H
#define PLAN_H

#include "array/array.h"
#include "base/thread_pool.h"
#include "kernels/kernels.h"

struct plan;

struct plan_limits {
    size_t max_rows;      /* tokens of a step */
    size_t max_outputs;   /* rows of a step that want the graph's output */
    enum kv_type kv_type; /* of the pages that steps will bring */
    bool keeps_hidden;    /* plan_hidden can be asked; the graph has such an array */
};

/* Simplify the graph (which is changed by that) and lay it out. The graph must outlive the plan. */
bool plan_compile(struct plan **out, struct graph *graph, const struct kernels *kernels,
                  struct thread_pool *pool, const struct plan_limits *limits,
                  struct error *err) MUST_CHECK;
void plan_free(struct plan **plan); /* accepts NULL, leaves NULL */

/* Consecutive rows of a step that belong to one sequence. */
struct segment {
    size_t first_row, n_rows;
    uint32_t first_position;
    uint8_t *const
        *pages; /* the sequence's pages, covering positions up to first_position + n_rows */
};

struct step {
    size_t n_rows;
    const int32_t *tokens;        /* [n_rows], each below the embedding table's rows */
    const uint32_t *positions;    /* [n_rows] */
    const uint32_t *row_segments; /* [n_rows] index into segments */
    const struct segment *segments;
    size_t n_segments;
    const uint32_t *output_rows; /* [n_outputs] increasing */
    size_t n_outputs;
    bool ends_hidden; /* with plan_hidden: the output need not be computed */
};

/* The output: [n_outputs, plan_output_stride], valid until the next run. */
float *plan_run(struct plan *plan, const struct step *step);

size_t plan_output_stride(
    const struct plan *plan); /* floats from one row of the output to the next */

/* What the last run made the output from: [n_outputs, plan_hidden_stride]; for plans that keep it.
 */
const float *plan_hidden(const struct plan *plan);
size_t plan_hidden_stride(const struct plan *plan);

size_t plan_scratch_bytes(const struct plan *plan);

/* Measure the runs from now on, each operation of each thread by itself (profile.h). Started again,
 * the numbers begin anew. plan_profile returns false when nothing was started. */
struct profile_report;
bool plan_profile_start(struct plan *plan, struct error *err) MUST_CHECK;
void plan_profile_stop(struct plan *plan);
bool plan_profile(struct plan *plan, struct profile_report *out);

/* A line a phase, for people: "linear 4096x6144 <- 12 ...". Returns false when memory is out. */
struct text;
bool plan_describe(const struct plan *plan, struct text *out);

#endif
