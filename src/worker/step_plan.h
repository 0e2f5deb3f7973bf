/* step_plan.h: who takes part in the next step, and with how much.
 *
 * Owns the order: answers that are being written first, then prompts in portions; interactive
 * before batch; clients in turn by what they were given so far; short prompts first, long ones
 * sooner the longer they wait. Pure functions. */
#ifndef STEP_PLAN_H
#define STEP_PLAN_H

#include "base/base.h"

enum { STEP_MOST_WISHES = 1024 };

/* One answer that could go on. */
struct step_wish {
    uint32_t n_pending; /* tokens to be evaluated: 1 of an answer that is written, else a prompt */
    bool is_batch;
    bool wants_every_row;   /* has an output */
    uint64_t client_served; /* rows that its client was given */
    uint64_t rested_ns;     /* since its latest step */
    uint64_t age_ns;        /* since it arrived */
};

struct step_limits {
    uint32_t most_rows, most_outputs; /* of a step; both >= 2 */
    uint32_t most_prompt_rows;        /* >= 1 */
    uint64_t row_ns;                  /* what a row of a prompt takes, about */
};

struct step_share {
    size_t wish;
    uint32_t rows, outputs; /* at most; of the outputs all but one are for guesses */
};

/* Returns how many of `shares` [n] were filled. n <= STEP_MOST_WISHES. */
size_t step_plan(const struct step_wish *wishes, size_t n, const struct step_limits *limits,
                 struct step_share *shares);

#endif
