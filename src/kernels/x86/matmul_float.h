/* matmul_float.h: the order of summation for F32, F16 and BF16 weights, and the walk that AVX2 and
 * AVX-512 share; private to matmul on x86.
 *
 * Lanes are elements of k: 16 partial sums, lane l adds w[i] * x[i] for i = l, l + 16, l + 32, ...
 * with one FMA each, then s[l] += s[l + 8] for l < 8,  s[l] += s[l + 4] for l < 4,  s[l] += s[l +
 * 2] for l < 2,  s[0] += s[1] and the bias is added last. Elements past k count as w = x = 0. */
#ifndef MATMUL_FLOAT_H
#define MATMUL_FLOAT_H

#include "kernels/matmul.h"
#include "kernels/matmul_prepared.h"

/* Sums of some adjacent rows and tokens: w at the first row, x at the first token (f32_stride
 * apart), y likewise. */
typedef void float_kernel(const struct matmul *job, const uint8_t *w, const float *x, float *y);

enum { FLOAT_ROWS = 4, FLOAT_TOKENS = 6 };

/* What an instruction set brings for one type. */
struct float_isa {
    float_kernel *rows[FLOAT_TOKENS]; /* [tokens - 1]: FLOAT_ROWS rows */
    float_kernel *row[FLOAT_TOKENS];  /* one row */
};

void float_matmul(const struct float_isa *isa, const struct matmul *job, size_t n_begin,
                  size_t n_end);

#endif
