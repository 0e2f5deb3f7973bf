/* matmul_float.h: the order of summation for F32, F16 and BF16 weights, and the walk that all
 * instruction sets share; private to matmul.
 *
 * Lanes are elements of k: 16 partial sums, lane l adds w[i] * x[i] for i = l, l + 16, l + 32, ...
 * with one FMA each, then s[l] += s[l + 8] for l < 8,  s[l] += s[l + 4] for l < 4,  s[l] += s[l +
 * 2] for l < 2,  s[0] += s[1] and the bias is added last. Elements past k count as w = x = 0. */
#ifndef MATMUL_FLOAT_H
#define MATMUL_FLOAT_H

#include "kernels/matmul.h"
#include "kernels/matmul_prepared.h"

enum { FLOAT_LANES = 16, FLOAT_MAX_TOKENS = 6 };

/* Some rows (row_bytes apart) times some tokens (x_stride apart) over k_count elements, added to
 * sums [rows][tokens][FLOAT_LANES]. k_count is a multiple of FLOAT_LANES except where the rows end.
 */
typedef void float_kernel(const uint8_t *w, size_t row_bytes, const float *x, size_t x_stride,
                          size_t k_count, float *sums);

/* What an instruction set brings for one type: rows[tokens - 1] rows or one row by 1 to `tokens`
 * tokens. */
struct float_isa {
    size_t element_bytes, tokens;
    size_t rows[FLOAT_MAX_TOKENS];
    float_kernel *many[FLOAT_MAX_TOKENS], *one[FLOAT_MAX_TOKENS];
    float (*add_lanes)(const float *sums);
};

void float_matmul(const struct float_isa *isa, const struct matmul *job, size_t n_begin,
                  size_t n_end, void *scratch);

size_t float_scratch_bytes(void);

#endif
