/* rope.h: rotary position embedding of the heads of one token, in place.
 *
 * x: [n_heads][head_dim]; the first rotary_dim (even) elements of each head turn by the token's
 * angles, given as cos and sin [rotary_dim / 2]. ROPE_HALVES pairs element i with i + rotary_dim /
 * 2 (Hugging Face, "neox"); ROPE_PAIRS pairs 2i with 2i + 1 (GGUF's llama). (a, b) -> (a cos - b
 * sin, a sin + b cos). `angles` fills cos and sin for position p: p * frequency[i], in double, then
 * rounded. */
#ifndef ROPE_H
#define ROPE_H

#include "base/base.h"

#define ROPE_TOLERANCE 1e-6f

enum rope_layout { ROPE_HALVES, ROPE_PAIRS };

struct rope_kernels {
    void (*rotate[2])(float *x, size_t n_heads, size_t head_dim, size_t rotary_dim,
                      const float *cos_, const float *sin_);
    void (*angles)(float *cos_, float *sin_, const float *frequency, size_t n, uint32_t position);
};

/* One function a level, called by the tables: the reference fills every slot, the others overwrite
 * theirs. */
void rope_init_reference(struct rope_kernels *k);
void rope_init_avx2(struct rope_kernels *k);
void rope_init_avx512(struct rope_kernels *k);
void rope_init_neon(struct rope_kernels *k);

#endif
