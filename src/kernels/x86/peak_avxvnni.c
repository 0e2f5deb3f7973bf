#include "kernels/peak.h"

#include <immintrin.h>

/* 12 sums in registers. Assembly, so that nothing is optimized away. */
#define TWELVE(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
enum { SUMS = 12 };

#define DECLARE(i) __m256 s##i = start;
#define FMA(i)     __asm__ volatile("vfmadd231ps %1, %1, %0" : "+x"(s##i) : "x"(start));
#define DOT(i)     __asm__ volatile("%{vex%} vpdpbusd %1, %1, %0" : "+x"(s##i) : "x"(start));

static double run(bool integers, size_t rounds)
{
    const __m256 start = _mm256_set1_ps(0.5f);
    TWELVE(DECLARE)
    for (size_t n = 0; n < rounds; n++) {
        if (integers) {
            TWELVE(DOT)
        } else {
            TWELVE(FMA)
        }
    }
    return 2.0 * (integers ? 32 : 8) * SUMS * (double)rounds;
}

void peak_init_avxvnni(struct peak_kernels *k)
{
    k->run = run;
}
