#include "worker/step_pace.h"

/* Before anything is known a portion is small. Fewer rows than a tile of the kernels cost nearly as
 * much as the tile. */
enum { FIRST_ROWS = 64, LEAST_ROWS = 16, LEAST_ROWS_ALONE = 64, MOST_ROWS = 1 << 16 };

/* A client that goes has its pages back within a tenth of a second, where 64 rows are that quick.
 */
static const double ALONE_NS = 70e6, BESIDE_NS = 50e6;

/* As much time for prompts as for answers, or BESIDE_NS where steps are quick. */
static const double SHARE_OF_WRITING = 1;

static void learn(double *known, double measured)
{
    if (measured <= 0)
        return;
    *known = *known > 0 ? *known + (measured - *known) / 4 : measured;
}

void step_pace_measured(struct step_pace *p, uint64_t step_ns, uint32_t n_writing,
                        uint32_t prompt_rows)
{
    if (prompt_rows == 0)
        learn(&p->writing_ns, (double)step_ns);
    else if (n_writing == 0)
        learn(&p->row_ns, (double)step_ns / prompt_rows);
    else
        learn(&p->row_ns, ((double)step_ns - p->writing_ns) / prompt_rows);
}

uint32_t step_pace_rows(const struct step_pace *p, uint32_t n_writing)
{
    if (p->row_ns <= 0)
        return FIRST_ROWS;
    double beside = p->writing_ns * SHARE_OF_WRITING;
    double time = n_writing == 0 ? ALONE_NS : beside > BESIDE_NS ? beside : BESIDE_NS;
    double rows = time / p->row_ns, fewest = n_writing ? LEAST_ROWS : LEAST_ROWS_ALONE;
    return rows < fewest ? (uint32_t)fewest : rows > MOST_ROWS ? MOST_ROWS : (uint32_t)rows;
}
