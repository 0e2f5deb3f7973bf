/* scales_k.h: the packed 6-bit scales inside the blocks of 256.
 *
 * Owns the packing of 8 scales with 8 minimums (Q4_K, Q5_K) and of 16 scales (Q3_K) into 12 bytes.
 * Any thread. */
#ifndef SCALES_K_H
#define SCALES_K_H

#include "base/base.h"

/* Scale and minimum (0 to 63 each) number i (0 to 7). The first four lie in the low 6 bits of bytes
 * 0-3 and 4-7; of the last four the low nibbles lie in bytes 8-11 and the top two bits above the
 * first four. */
static inline void scales_k4_get(const uint8_t packed[12], size_t i, uint8_t *scale, uint8_t *min)
{
    if (i < 4) {
        *scale = packed[i] & 63;
        *min = packed[i + 4] & 63;
    } else {
        *scale = (uint8_t)((packed[i + 4] & 15) | packed[i - 4] >> 6 << 4);
        *min = (uint8_t)(packed[i + 4] >> 4 | packed[i] >> 6 << 4);
    }
}

/* The reverse, into bytes that were zero. */
static inline void scales_k4_put(uint8_t packed[12], size_t i, uint8_t scale, uint8_t min)
{
    if (i < 4) {
        packed[i] |= scale;
        packed[i + 4] |= min;
    } else {
        packed[i + 4] = (uint8_t)((scale & 15) | (min & 15) << 4);
        packed[i - 4] |= (uint8_t)(scale >> 4 << 6);
        packed[i] |= (uint8_t)(min >> 4 << 6);
    }
}

/* Scale number i (0 to 15) of Q3_K, -32 to 31. */
static inline int scales_k3_get(const uint8_t packed[12], size_t i)
{
    int low = i < 8 ? packed[i] & 15 : packed[i - 8] >> 4;
    int high = packed[8 + i % 4] >> (2 * (i / 4)) & 3;
    return (low | high << 4) - 32;
}

#endif
