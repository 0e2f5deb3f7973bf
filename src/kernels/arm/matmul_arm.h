/* matmul_arm.h: what the files of matmul for arm64 share; private to them.
 *
 * The levels differ in the products of codes and activations alone. Unpackers, float weights and
 * the rounding of activations are NEON for all of them. */
#ifndef MATMUL_ARM_H
#define MATMUL_ARM_H

#include <arm_neon.h>

#include "kernels/simd/matmul_unpack.h"

/* One unpacker a type. Codes are signed: those of Q8_0 as they are, others below 64. */
#define PANEL_UNPACKER(type) panel_unpack panel_unpack_##type##_neon;
PANEL_TYPES(PANEL_UNPACKER)

/* How wide the codes of a panel are: EIGHT_BITS with a sign. */
enum width { FIVE_BITS, SIX_BITS, EIGHT_BITS };

/* F32, F16 and BF16. */
void matmul_init_float_neon(struct matmul_kernels *matmul);

/* Tokens of both formats, with the reference's bits. */
void matmul_prepare_neon(enum activation_format format, void *prepared, const float *x,
                         size_t x_stride, size_t m, size_t k, size_t begin, size_t end);

#endif
