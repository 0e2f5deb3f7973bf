/* matmul_avx512vnni.h: what the AVX-512 files of matmul share; private to them. */
#ifndef MATMUL_AVX512VNNI_H
#define MATMUL_AVX512VNNI_H

#include <immintrin.h>

#include "kernels/simd/matmul_unpack.h"

/* One unpacker a type. */
#define PANEL_UNPACKER(type) panel_unpack panel_unpack_##type##_avx512vnni;
PANEL_TYPES(PANEL_UNPACKER)

/* One token of types whose unpacking takes longer than reading them. */
panel_decode panel_decode_Q2_K_avx512vnni, panel_decode_Q3_K_avx512vnni;

/* F32, F16 and BF16. */
void matmul_init_float_avx512(struct matmul_kernels *matmul);

/* Tokens of both formats, with the reference's bits. */
void matmul_prepare_avx512(enum activation_format format, void *prepared, const float *x,
                           size_t x_stride, size_t m, size_t k, size_t begin, size_t end);

#endif
