/* peak.h: how many multiplications and additions a core can do when nothing else is in the way.
 *
 * Owns one loop of independent dot products (int8) or FMAs (float32) for each level, in registers
 * only. */
#ifndef PEAK_H
#define PEAK_H

#include "base/base.h"

/* Run `rounds` rounds of the best such instruction among `features`; returns the operations done
 * (0: not known). */
double peak_run(unsigned features, bool integers, size_t rounds);

double peak_run_avx2(bool integers, size_t rounds);
double peak_run_avx512vnni(bool integers, size_t rounds);

#endif
