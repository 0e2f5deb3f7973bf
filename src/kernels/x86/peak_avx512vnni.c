#include "kernels/peak.h"

#include <immintrin.h>

/* 12 sums in registers: latency 4 to 5, two a cycle. Assembly, so that nothing is optimized away.
 */
#define TWELVE(X) X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11)
enum { SUMS = 12 };

#define DECLARE(i) __m512 s##i = start;
#define DOT(i)     __asm__ volatile("vpdpbusd %1, %1, %0" : "+v"(s##i) : "v"(start));
#define FMA(i)     __asm__ volatile("vfmadd231ps %1, %1, %0" : "+v"(s##i) : "v"(start));

static double run(bool integers, size_t rounds)
{
    const __m512 start = _mm512_set1_ps(0.5f);
    TWELVE(DECLARE)
    for (size_t n = 0; n < rounds; n++) {
        if (integers) {
            TWELVE(DOT)
        } else {
            TWELVE(FMA)
        }
    }
    return 2.0 * (integers ? 64 : 16) * SUMS * (double)rounds;
}

void peak_init_avx512vnni(struct peak_kernels *k)
{
    k->run = run;
}
