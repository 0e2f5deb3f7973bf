#include "server/residency/model_fitting.h"

#include "server/residency/memory_shares.h"

#include <stdio.h>

/* A model with a shorter context than this (or than its own) is of no use. */
enum { LEAST_N_CTX = 4096 };

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static uint64_t fixed_bytes(const struct resident_model *model)
{
    return model->weights_bytes + model->scratch_bytes;
}

static uint64_t least_kv(const struct resident_model *model)
{
    return resident_model_kv_bytes(model, model->n_ctx_most < LEAST_N_CTX ? model->n_ctx_most
                                                                          : LEAST_N_CTX);
}

uint64_t model_fitting_least_bytes(const struct resident_model *model)
{
    return fixed_bytes(model) + least_kv(model);
}

/* What is taken now: pages that were granted, or that are still held beyond that. */
static uint64_t taken_bytes(const struct resident_model *model)
{
    return model->is_granted && model->stage != MODEL_GONE
               ? fixed_bytes(model) + larger(model->kv_granted, model->state.kv_allocated)
               : 0;
}

static struct memory_claim claim_of(const struct resident_model *model, uint64_t least,
                                    uint32_t n_parallel)
{
    uint64_t context = resident_model_kv_bytes(model, model->n_ctx_most);
    struct memory_claim claim = { .least = least, .wanted = larger(least, context) };
    claim.most = n_parallel ? larger(claim.wanted, context * n_parallel) : UINT64_MAX;
    if (!model->page_bytes)
        claim.most = claim.wanted;
    return claim;
}

/* Whole pages only. */
static uint64_t whole_pages(const struct resident_model *model, uint64_t bytes)
{
    return model->page_bytes ? bytes - bytes % model->page_bytes : 0;
}

static uint64_t kept_kv(const struct resident_model *model)
{
    uint64_t page = model->page_bytes;
    return larger(least_kv(model),
                  whole_pages(model, model->state.kv_used + (page ? page - 1 : 0)));
}

uint64_t model_fitting_kept_bytes(const struct resident_model *model)
{
    return fixed_bytes(model) + kept_kv(model);
}

uint64_t model_fitting_lack_bytes(const struct resident_model *models,
                                  const struct resident_model *newcomer, uint64_t budget_bytes)
{
    uint64_t needed = model_fitting_least_bytes(newcomer);
    for (const struct resident_model *m = models; m; m = m->next)
        if (m->stage == MODEL_SERVING)
            needed += model_fitting_kept_bytes(m);
    return needed > budget_bytes ? needed - budget_bytes : 0;
}

/* Those that will share the budget when all who leave are gone. */
static bool takes_part(const struct resident_model *model, const struct resident_model *newcomer)
{
    return model->stage == MODEL_SERVING || model == newcomer;
}

/* Set kv_share of all who take part; `keeps`: nobody gets less than it has. False: no room. */
static bool share_out(struct resident_model *models, const struct resident_model *newcomer,
                      uint64_t budget_bytes, uint32_t n_parallel, bool keeps)
{
    struct memory_claim claims[MODEL_FITTING_MOST];
    struct resident_model *sharers[MODEL_FITTING_MOST];
    size_t n = 0;
    uint64_t fixed = 0;
    for (struct resident_model *m = models; m; m = m->next) {
        if (!takes_part(m, newcomer))
            continue;
        if (n == MODEL_FITTING_MOST)
            return false;
        claims[n] = claim_of(m, keeps ? m->kv_granted : kept_kv(m), n_parallel);
        sharers[n++] = m;
        fixed += fixed_bytes(m);
    }
    if (fixed > budget_bytes || !memory_shares(claims, n, budget_bytes - fixed))
        return false;
    for (size_t i = 0; i < n; i++)
        sharers[i]->kv_share = whole_pages(sharers[i], claims[i].share);
    return true;
}

enum fitting model_fitting(struct resident_model *models, struct resident_model *newcomer,
                           uint64_t budget_bytes, uint32_t n_parallel)
{
    if (!share_out(models, newcomer, budget_bytes, n_parallel, false))
        return FITS_NOT;
    uint64_t taken = 0;
    for (struct resident_model *m = models; m; m = m->next) {
        if (m->stage == MODEL_SERVING && m->kv_share > m->kv_granted)
            m->kv_share = m->kv_granted; /* it grows when the newcomer is in */
        if (m->stage == MODEL_SERVING)
            taken += fixed_bytes(m) + larger(m->kv_share, m->state.kv_allocated);
        else
            taken += taken_bytes(m);
    }
    return taken + fixed_bytes(newcomer) + newcomer->kv_share <= budget_bytes ? FITS : FITS_LATER;
}

void model_fitting_grow(struct resident_model *models, uint64_t budget_bytes, uint32_t n_parallel)
{
    uint64_t others = 0;
    for (struct resident_model *m = models; m; m = m->next) {
        m->kv_share = m->kv_granted;
        if (m->stage != MODEL_SERVING)
            others += taken_bytes(m);
    }
    if (others <= budget_bytes)
        (void)!share_out(models, NULL, budget_bytes - others, n_parallel, true);
}

/* ---- words ---- */

static void write_bytes(char *out, size_t size, uint64_t bytes)
{
    if (bytes >= 1000000000)
        snprintf(out, size, "%.2f GB", (double)bytes / 1e9);
    else
        snprintf(out, size, "%.2f MB", (double)bytes / 1e6);
}

/* "'a:latest', 'b:latest'", as many as there is room for. */
static void write_names(char *out, size_t size, const struct resident_model *models)
{
    size_t length = 0;
    out[0] = '\0';
    for (const struct resident_model *m = models; m; m = m->next)
        if (taken_bytes(m) && length + 100 < size)
            length += (size_t)snprintf(out + length, size - length, "%s'%s'", length ? ", " : "",
                                       printable(slice_of(m->name)));
}

bool model_fitting_explain(const struct resident_model *models,
                           const struct resident_model *newcomer, uint64_t budget_bytes,
                           struct error *err)
{
    char needs[32], weights[32], scratch[32], kv[32], budget[32], taken[32], names[400];
    uint64_t sum = 0;
    for (const struct resident_model *m = models; m; m = m->next)
        sum += taken_bytes(m);
    write_bytes(needs, sizeof needs, model_fitting_least_bytes(newcomer));
    write_bytes(weights, sizeof weights, newcomer->weights_bytes);
    write_bytes(scratch, sizeof scratch, newcomer->scratch_bytes);
    write_bytes(kv, sizeof kv, least_kv(newcomer));
    write_bytes(budget, sizeof budget, budget_bytes);
    write_bytes(taken, sizeof taken, sum);
    write_names(names, sizeof names, models);
    fail(err, ERROR_BUDGET,
         "model '%s' needs %s of memory (weights %s, scratch %s, keys and values %s at least), the "
         "budget is %s",
         printable(slice_of(newcomer->name)), needs, weights, scratch, kv, budget);
    size_t length = strlen(err->message);
    if (sum)
        snprintf(err->message + length, sizeof err->message - length, ", %s in use by %s", taken,
                 names);
    return false;
}
