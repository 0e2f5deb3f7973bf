/* model_fitting.h: how the models in memory share the budget.
 *
 * Owns the decision, which depends on nothing but the records and the budget: each model has its
 * weights and scratch; keys and values share the rest, and shrink down to what is in use when
 * another model comes. Under residency's lock. */
#ifndef MODEL_FITTING_H
#define MODEL_FITTING_H

#include "server/residency/resident_model.h"

enum { MODEL_FITTING_MOST = 256 }; /* models that serve */

enum fitting {
    FITS,       /* now */
    FITS_LATER, /* when those that leave are gone and those that shrink have shrunk */
    FITS_NOT,   /* unless a model is evicted */
};

/* May `newcomer` have its memory? Sets kv_share of it and (never more than they have) of those that
 * serve, except for FITS_NOT. `n_parallel`: contexts a model can use at once, 0: any number. */
enum fitting model_fitting(struct resident_model *models, struct resident_model *newcomer,
                           uint64_t budget_bytes, uint32_t n_parallel);

/* Memory was given back: set the kv_share of those that serve, which is never less than they have.
 */
void model_fitting_grow(struct resident_model *models, uint64_t budget_bytes, uint32_t n_parallel);

/* Weights, scratch, and the keys and values it must have to be of use; and the same with those of
 * its running answers: what it keeps when others need memory. */
uint64_t model_fitting_least_bytes(const struct resident_model *model);
uint64_t model_fitting_kept_bytes(const struct resident_model *model);

/* What those that serve must give up so that the newcomer fits: 0 unless FITS_NOT. */
uint64_t model_fitting_lack_bytes(const struct resident_model *models,
                                  const struct resident_model *newcomer, uint64_t budget_bytes);

/* Why it does not fit, with the numbers. */
bool model_fitting_explain(const struct resident_model *models,
                           const struct resident_model *newcomer, uint64_t budget_bytes,
                           struct error *err);

#endif
