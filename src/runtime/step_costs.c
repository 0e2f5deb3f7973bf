#include "runtime/step_costs.h"

#include <math.h>

/* What one more row adds before it was ever measured: reading the weights dominates. */
static const double ROW_SHARE = 0.08;

/* Shares of the newest observation in running means: of the steps of a single row and of others in
 * what a single row takes, and of what a number of rows takes in relation to it. */
static const double SINGLE_SHARE = 0.2, OTHERS_SHARE = 0.05, RELATIVE_SHARE = 0.15;

/* How much of the way towards its neighbours a number of rows goes with every step, so that one
 * slow moment is not believed for ever. */
static const double FORGET_SHARE = 0.002;

void step_costs_init(struct step_costs *c)
{
    *c = (struct step_costs){ 0 };
    for (size_t rows = 1; rows <= STEP_ROWS; rows++)
        c->relative[rows] = 1 + ROW_SHARE * (double)(rows - 1);
}

/* Between the nearest measured numbers of rows, or on from the largest. */
static double believed(const struct step_costs *c, size_t rows)
{
    size_t below = rows - 1, above = rows + 1;
    while (below > 1 && c->n_measured[below] == 0)
        below--;
    while (above <= STEP_ROWS && c->n_measured[above] == 0)
        above++;
    if (above > STEP_ROWS)
        return c->relative[below] + ROW_SHARE * (double)(rows - below);
    double way = (double)(rows - below) / (double)(above - below);
    return c->relative[below] + way * (c->relative[above] - c->relative[below]);
}

static void forget(struct step_costs *c)
{
    for (size_t rows = 2; rows <= STEP_ROWS; rows++) {
        double share = c->n_measured[rows] ? FORGET_SHARE : 1;
        c->relative[rows] += share * (believed(c, rows) - c->relative[rows]);
    }
}

void step_costs_measured(struct step_costs *c, size_t rows, uint64_t ns)
{
    if (rows == 0 || rows > STEP_ROWS || ns == 0)
        return;
    double took = (double)ns;
    if (c->single_ns == 0)
        c->single_ns = took / c->relative[rows];
    /* A step that was interrupted says little. */
    double surprise = fmin(took / (c->single_ns * c->relative[rows]), 3) - 1;
    c->single_ns *= 1 + (rows == 1 ? SINGLE_SHARE : OTHERS_SHARE) * surprise;
    if (rows > 1) {
        double share = fmax(RELATIVE_SHARE, 1.0 / (c->n_measured[rows] + 2));
        c->relative[rows] *= 1 + share * surprise;
    }
    c->n_measured[rows]++;
    forget(c);
}

double step_costs_relative(const struct step_costs *c, size_t rows)
{
    /* More rows cannot take less: the larger figure is the older one. */
    double least = c->relative[rows];
    for (size_t i = rows + 1; i <= STEP_ROWS; i++)
        if (c->n_measured[i])
            least = fmin(least, c->relative[i]);
    return least;
}
