/* rope_frequencies.h: the rotary frequencies of a model, scaling applied. Private to the models
 * room. */
#ifndef ROPE_FREQUENCIES_H
#define ROPE_FREQUENCIES_H

#include "models/model.h"

/* Read how positions are scaled into config->scaling. Kinds that hearth lacks (yarn, dynamic,
 * longrope) fail by name. */
bool rope_scaling_read(struct model_config *config, const struct weights *w,
                       struct error *err) MUST_CHECK;

/* [rotary_dim / 2] radians per position, from `arena`: base^(-2i/rotary_dim), then scaled: linear
 * divides by the factor; llama3 (Llama 3.1's config) divides the slow ones, keeps the fast ones and
 * blends between; factors of a tensor rope_freqs.weight (or NULL) divide one by one. */
bool rope_frequencies_make(const float **out, const struct model_config *config,
                           const struct weight *factors, struct arena *arena,
                           struct error *err) MUST_CHECK;

#endif
