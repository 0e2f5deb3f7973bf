/* quantize_k.h: blocks of 256 elements from floats, by search.
 *
 * Owns the search for scales and minimums that leave a small squared error. Leaves the simple types
 * and the choice of type to quantize.h. Cannot fail: elements that are not finite count as zero.
 * Any thread. */
#ifndef QUANTIZE_K_H
#define QUANTIZE_K_H

#include "quant/block.h"

/* [SUPERBLOCK] floats at x. */
void quantize_q4_k(const float *x, struct block_q4_k *out);
void quantize_q6_k(const float *x, struct block_q6_k *out);

/* `value` rounded to the nearest integer and kept within [low, high]; NaN gives 0 (or low above
 * it). */
static inline int round_within(float value, int low, int high)
{
    if (!(value > (float)low))
        return value != value && low < 0 ? 0 : low;
    if (value >= (float)high)
        return high;
    return (int)__builtin_floorf(value + 0.5f);
}

#endif
