/* step_costs.h: what a step of several rows takes, measured as steps run.
 *
 * Owns the time of a step of one row and, relative to it, that of 2 to STEP_ROWS rows: memory grows
 * slower or faster for both alike, and a longer context takes more. One thread at a time. */
#ifndef STEP_COSTS_H
#define STEP_COSTS_H

#include "base/base.h"

enum { STEP_ROWS = 16 };

struct step_costs {
    double single_ns;               /* 0: nothing measured yet */
    double relative[STEP_ROWS + 1]; /* by rows; what is not measured yet is believed */
    uint32_t n_measured[STEP_ROWS + 1];
};

void step_costs_init(struct step_costs *costs);

/* A step of `rows` rows for one sequence took that long. Other numbers of rows are ignored. */
void step_costs_measured(struct step_costs *costs, size_t rows, uint64_t ns);

/* Time of a step of 1 <= rows <= STEP_ROWS in steps of a single row. */
double step_costs_relative(const struct step_costs *costs, size_t rows);

#endif
