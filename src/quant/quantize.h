/* quantize.h: rows of numbers to float32 and back, the specification of every stored type.
 *
 * Owns the reference conversions, bit exact with ggml's C reference (source of the formats: ggml's
 * block definitions). Leaves speed to kernels/. Cannot fail: callers have checked that n is a
 * multiple of the block. Any thread. */
#ifndef QUANTIZE_H
#define QUANTIZE_H

#include "quant/dtype.h"

/* [n] stored elements at `row` to float32. */
void dequantize_row(enum dtype type, const void *row, float *out, size_t n);

/* Whether quantize_row knows the type: F32, F16, BF16, Q8_0, Q4_0, Q4_K, Q6_K. */
bool quantize_supported(enum dtype type);

/* [n] floats to stored elements. */
void quantize_row(enum dtype type, const float *row, void *out, size_t n);

/* Single conversions; round to nearest even. */
float half_to_float(uint16_t half);
uint16_t float_to_half(float value);
float bfloat_to_float(uint16_t bfloat);
uint16_t float_to_bfloat(float value);

#endif
