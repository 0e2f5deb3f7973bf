/* matmul_weights.h: weights for the checks and the benchmark of matmul.
 *
 * Owns where the numbers lie in each type's block. Leaves the products to check_matmul.c. */
#ifndef MATMUL_WEIGHTS_H
#define MATMUL_WEIGHTS_H

#include "check.h"

/* All codes and scales random; all bits 0, or 1, with random scales; scales at the ends of half
 * floats. */
enum hurt { HURT_NONE, HURT_ZEROS, HURT_ONES, HURT_SCALES, HURTS };

void fill_weights(struct check *c, enum dtype type, enum hurt hurt, void *weight, size_t bytes);

bool has_minimums(enum dtype type);

/* Codes to 0 in blocks of a type with minimums. */
void clear_codes(enum dtype type, uint8_t *blocks, size_t bytes);

/* GB/s at few tokens beside those of plain reading, and Gop/s at many beside the dot units' peak,
 * on all processors. */
void bench_matmul(struct check *c, enum dtype type);

#endif
