#include "peak.h"

#include <immintrin.h>

/* 12 sums: latency 4 to 5, two a cycle. The empty assembly keeps the compiler from doing the sums
 * itself. */
enum { SUMS = 12 };

static double integer_peak(size_t rounds)
{
    __m512i sum[SUMS], w = _mm512_set1_epi8(3);
    for (int i = 0; i < SUMS; i++)
        sum[i] = w;
    for (size_t n = 0; n < rounds; n++) {
#pragma GCC unroll 12
        for (int i = 0; i < SUMS; i++) {
            sum[i] = _mm512_dpbusd_epi32(sum[i], w, w);
            __asm__ volatile("" : "+v"(sum[i]));
        }
    }
    return 2.0 * 64 * SUMS * (double)rounds;
}

static double float_peak(size_t rounds)
{
    __m512 sum[SUMS], w = _mm512_set1_ps(0.5f);
    for (int i = 0; i < SUMS; i++)
        sum[i] = w;
    for (size_t n = 0; n < rounds; n++) {
#pragma GCC unroll 12
        for (int i = 0; i < SUMS; i++) {
            sum[i] = _mm512_fmadd_ps(sum[i], w, w);
            __asm__ volatile("" : "+v"(sum[i]));
        }
    }
    return 2.0 * 16 * SUMS * (double)rounds;
}

double peak_run_avx512vnni(bool integers, size_t rounds)
{
    return integers ? integer_peak(rounds) : float_peak(rounds);
}
