#include "server/residency/model_exchange.h"

#include "server/residency/model_fitting.h"

#include <stdlib.h>

/* Less than 0: `a` is missed better than `b`. */
static int compare_missed(const void *a_place, const void *b_place)
{
    const struct resident_model *a = *(struct resident_model *const *)a_place;
    const struct resident_model *b = *(struct resident_model *const *)b_place;
    bool a_is_idle = resident_model_is_idle(a), b_is_idle = resident_model_is_idle(b);
    if (a->is_yielding != b->is_yielding)
        return a->is_yielding ? -1 : 1;
    if (a_is_idle != b_is_idle)
        return a_is_idle ? -1 : 1;
    uint64_t a_ns = a_is_idle ? a->idle_ns : a->serving_ns;
    uint64_t b_ns = b_is_idle ? b->idle_ns : b->serving_ns;
    return a_ns < b_ns ? -1 : a_ns > b_ns;
}

/* Who may go, best missed first. */
static size_t find_candidates(struct resident_model *models, enum exchange exchange,
                              struct resident_model **candidates)
{
    size_t n = 0;
    for (struct resident_model *m = models; m && n < MODEL_FITTING_MOST; m = m->next)
        if (m->stage == MODEL_SERVING && (exchange == EXCHANGE_ANY || resident_model_is_idle(m)))
            candidates[n++] = m;
    qsort(candidates, n, sizeof candidates[0], compare_missed);
    return n;
}

static bool is_made_up(const struct resident_model *models, const struct room_lack *lack)
{
    struct room_lack chosen = { 0 };
    for (const struct resident_model *m = models; m; m = m->next)
        if (m->shall_go) {
            chosen.n_models++;
            chosen.bytes += model_fitting_kept_bytes(m);
        }
    return chosen.n_models >= lack->n_models && chosen.bytes >= lack->bytes;
}

bool model_exchange_choose(struct resident_model *models, const struct room_lack *lack,
                           enum exchange exchange)
{
    struct resident_model *candidates[MODEL_FITTING_MOST];
    size_t n = find_candidates(models, exchange, candidates), n_chosen = 0;
    model_exchange_forget(models);
    while (!is_made_up(models, lack) && n_chosen < n)
        candidates[n_chosen++]->shall_go = true;
    if (!is_made_up(models, lack)) {
        model_exchange_forget(models);
        return false;
    }
    while (n_chosen-- > 0) { /* a large one may have made smaller ones unnecessary */
        candidates[n_chosen]->shall_go = false;
        candidates[n_chosen]->shall_go = !is_made_up(models, lack);
    }
    return true;
}

void model_exchange_forget(struct resident_model *models)
{
    for (struct resident_model *m = models; m; m = m->next)
        m->shall_go = false;
}
