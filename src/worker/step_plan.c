#include "worker/step_plan.h"

#include <stdlib.h>

/* A batch request counts as interactive after that long: nobody starves. */
static const uint64_t BATCH_PATIENCE_NS = 30ull * 1000 * 1000 * 1000;

/* Guesses pay while the weights are read for few rows anyway. */
enum { MOST_GUESSERS = 2 };

struct place {
    size_t wish;
    bool is_last_class;
    uint64_t served;
    double score; /* the lower, the sooner */
};

static int compare_places(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->is_last_class != y->is_last_class)
        return x->is_last_class - y->is_last_class;
    if (x->served != y->served)
        return x->served < y->served ? -1 : 1;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return (x->wish > y->wish) - (x->wish < y->wish);
}

/* Those that write (or read), the soonest first. */
static size_t order(const struct step_wish *wishes, size_t n, bool is_reading,
                    const struct step_limits *limits, struct place *places)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const struct step_wish *w = &wishes[i];
        if (w->n_pending == 0 || (w->n_pending > 1) != is_reading)
            continue;
        places[count++] = (struct place){
            .wish = i,
            .is_last_class = w->is_batch && w->age_ns < BATCH_PATIENCE_NS,
            .served = is_reading ? w->client_served : 0,
            .score = is_reading
                         ? (double)w->n_pending * (double)limits->row_ns - 2 * (double)w->age_ns
                         : -(double)w->rested_ns,
        };
        if (!is_reading) /* who writes is not stopped by what others are */
            places[count - 1].is_last_class = false;
    }
    qsort(places, count, sizeof *places, compare_places);
    return count;
}

/* Guesses of few that write alone. */
static uint32_t outputs_each(size_t n_writing, size_t n_reading, const struct step_limits *limits)
{
    bool may_guess = n_reading == 0 && n_writing > 0 && n_writing <= MOST_GUESSERS;
    return may_guess ? limits->most_outputs / (uint32_t)n_writing : 1;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Rows and outputs that one prompt takes of those that are left. The last row of a prompt has an
 * output, whatever it wants. */
static uint32_t take_rows(const struct step_wish *wish, uint32_t rows, uint32_t *outputs)
{
    uint32_t pending = wish->n_pending;
    uint32_t most = wish->wants_every_row ? least(*outputs, pending)
                    : *outputs            ? pending
                                          : pending - 1;
    uint32_t take = least(most, rows);
    *outputs -= wish->wants_every_row ? take : take == pending;
    return take;
}

static size_t plan_prompts(const struct step_wish *wishes, const struct place *places, size_t n,
                           uint32_t rows, uint32_t outputs, struct step_share *shares)
{
    size_t count = 0;
    for (size_t i = 0; i < n && rows; i++) {
        uint32_t take = take_rows(&wishes[places[i].wish], rows, &outputs);
        rows -= take;
        if (take)
            shares[count++] = (struct step_share){ places[i].wish, take, 1 };
    }
    return count;
}

size_t step_plan(const struct step_wish *wishes, size_t n, const struct step_limits *limits,
                 struct step_share *shares)
{
    struct place writing[STEP_MOST_WISHES], reading[STEP_MOST_WISHES];
    size_t n_writing = order(wishes, n, false, limits, writing);
    size_t n_reading = order(wishes, n, true, limits, reading);
    size_t room = least(limits->most_outputs, limits->most_rows) - (n_reading > 0);
    size_t count = size_min(n_writing, room);
    uint32_t each = outputs_each(n_writing, n_reading, limits);
    for (size_t i = 0; i < count; i++)
        shares[i] = (struct step_share){ writing[i].wish, each, each };
    uint32_t rows = least(limits->most_rows - (uint32_t)count, limits->most_prompt_rows);
    return count + plan_prompts(wishes, reading, n_reading, rows,
                                limits->most_outputs - (uint32_t)count, shares + count);
}
