/* norm.h: normalization of one row.
 *
 * rms_norm: y = x / sqrt(mean(x^2) + eps) * w. layer_norm: y = (x - mean) / sqrt(var + eps) * w + b
 * (b may be NULL). With `residual` not NULL, x += residual first and the sum is stored in x. y may
 * be x. Within NORM_TOLERANCE of the reference relative to max|y|: float32 sums in several lanes
 * against double. */
#ifndef NORM_H
#define NORM_H

#include "base/base.h"

#define NORM_TOLERANCE 2e-6f

struct norm_kernels {
    void (*rms_norm)(float *y, float *x, const float *residual, const float *w, size_t n,
                     float eps);
    void (*layer_norm)(float *y, float *x, const float *residual, const float *w, const float *b,
                       size_t n, float eps);
};

/* One function a level, called by the tables: the reference fills every slot, the others overwrite
 * theirs. */
void norm_init_reference(struct norm_kernels *k);
void norm_init_avx2(struct norm_kernels *k);
void norm_init_avx512(struct norm_kernels *k);
void norm_init_neon(struct norm_kernels *k);

#endif
