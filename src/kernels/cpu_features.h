/* cpu_features.h: what this processor can do, as a mask.
 *
 * Owns detection. The environment variable HEARTH_CPU masks levels off: "reference", "avx2",
 * "avxvnni", "avx512", on arm64 "neon", "dotprod", "i8mm" (the highest level allowed). Any thread.
 */
#ifndef CPU_FEATURES_H
#define CPU_FEATURES_H

#include "base/base.h"
#include "base/error.h"

enum cpu_feature {
    CPU_AVX2 = 1 << 0,   /* with FMA, F16C and BMI2 */
    CPU_AVX512 = 1 << 1, /* F, BW, DQ, VL */
    CPU_AVX512VNNI = 1 << 2,
    CPU_AVX512BF16 = 1 << 3,
    CPU_AVXVNNI = 1 << 4, /* with AVX2; 256 bits */
    CPU_NEON = 1 << 8,    /* every arm64 processor */
    CPU_DOTPROD = 1 << 9,
    CPU_I8MM = 1 << 10, /* with DOTPROD */
};

/* The machine's features with HEARTH_CPU applied. */
unsigned cpu_features(void);

/* Fails where HEARTH_CPU holds something else than a level, which cpu_features() takes for none. */
MUST_CHECK bool cpu_features_check(struct error *err);

/* What the hardware and the operating system offer, without HEARTH_CPU; one definition for each
 * architecture. */
unsigned cpu_features_detect(void);

/* "reference", "avx2", "avx512vnni", "neon", ...: the best level in the mask. */
const char *cpu_features_name(unsigned features);

#endif
