/* candidates.h: the filters between logits and a draw.
 *
 * Owns nothing: arrays of candidates are the sampler's, and every filter keeps a part of one at its
 * front. Filters reorder but do not sort; the outcome follows from the logits and options alone, by
 * plain arithmetic that rounds alike on every machine. Any thread. */
#ifndef CANDIDATES_H
#define CANDIDATES_H

#include "base/base.h"

struct candidate {
    float logit;
    float weight; /* exp(logit - largest logit) */
    float key;    /* what the filter at work sorts by, ascending; the lower token first on ties */
    uint32_t token;
};

/* exp(x) for x <= 0, within 3e-7 of itself; 0 below -87. */
float candidate_weight(float x);

/* Sum of the weights of logits[0 .. n) under a temperature. block_sums (may be NULL): [n / 64
 * rounded up] the parts. */
enum { CANDIDATE_BLOCK = 64 };
double candidates_total(const float *logits, size_t n, float max, float temperature,
                        double *block_sums);

/* The candidates of n tokens, unfiltered; returns the sum of their weights. */
double candidates_fill(struct candidate *c, const uint32_t *tokens, size_t n, const float *logits,
                       float max);

/* Each returns how many it kept of n >= 1, at least 1. */
size_t candidates_top_k(struct candidate *c, size_t n, size_t k);
/* The likeliest whose weights reach p of `total`, the weight of all there were. */
size_t candidates_top_p(struct candidate *c, size_t n, float p, double total);
/* Those nearest the entropy that hold more than p together (Meister et al. 2022, "Locally typical
 * sampling"). */
size_t candidates_typical(struct candidate *c, size_t n, float p);
/* Those at least p times as likely as the likeliest. */
size_t candidates_min_p(struct candidate *c, size_t n, float p);

/* The one at `uniform` in [0, 1) of the summed weights under a temperature. */
uint32_t candidates_draw(struct candidate *c, size_t n, float temperature, double uniform);

#endif
