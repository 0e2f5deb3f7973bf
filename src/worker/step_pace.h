/* step_pace.h: how many rows of prompts a step may have.
 *
 * Owns what steps took so far. Beside answers that are being written a step stays short, so that
 * they go on; else it is just short enough for somebody to change his mind. One thread. */
#ifndef STEP_PACE_H
#define STEP_PACE_H

#include "base/base.h"

/* Zero-initialize: nothing is known. */
struct step_pace {
    double row_ns;     /* a row of a prompt */
    double writing_ns; /* a step without prompts */
};

void step_pace_measured(struct step_pace *pace, uint64_t step_ns, uint32_t n_writing,
                        uint32_t prompt_rows);

uint32_t step_pace_rows(const struct step_pace *pace, uint32_t n_writing);

#endif
