/* peak.h: how many multiplications and additions a core can do when nothing else is in the way.
 *
 * Owns one loop of independent dot products (int8) or FMAs (float32) for each level, in registers
 * only: the limit that a long prompt runs against, where streaming memory is that of decoding. A
 * level without such a loop has none, and says so. */
#ifndef PEAK_H
#define PEAK_H

#include "base/base.h"

struct peak_kernels {
    /* Run `rounds` rounds of the level's best such instruction; returns the operations done (0: not
     * known). */
    double (*run)(bool integers, size_t rounds);
};

/* One function a level, called by the tables: the reference fills the slot, the others overwrite
 * it. */
void peak_init_reference(struct peak_kernels *k);
void peak_init_avx2(struct peak_kernels *k);
void peak_init_avxvnni(struct peak_kernels *k);
void peak_init_avx512vnni(struct peak_kernels *k);

#endif
