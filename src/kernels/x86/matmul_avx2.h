/* matmul_avx2.h: what the AVX2 files of matmul share; private to them. */
#ifndef MATMUL_AVX2_H
#define MATMUL_AVX2_H

#include <immintrin.h>

#include "kernels/simd/matmul_unpack.h"

/* One unpacker a type. */
#define PANEL_UNPACKER(type) panel_unpack panel_unpack_##type##_avx2;
PANEL_TYPES(PANEL_UNPACKER)

/* F32, F16 and BF16. */
void matmul_init_float_avx2(struct matmul_kernels *matmul);

/* Tokens of both formats, with the reference's bits. */
void matmul_prepare_avx2(enum activation_format format, void *prepared, const float *x,
                         size_t x_stride, size_t m, size_t k, size_t begin, size_t end);

/* A sum that is made where it is written: compilers may reorder long sums of integers, and then
 * have too few registers. */
ALWAYS_INLINE __m256i in_order(__m256i sum)
{
    __asm__("" : "+x"(sum));
    return sum;
}

#endif
