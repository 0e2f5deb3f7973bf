#include "peak.h"

#include <immintrin.h>

enum { SUMS = 12 };

/* VPMADDUBSW, VPMADDWD and an addition for 32 products. */
static double integer_peak(size_t rounds)
{
    __m256i sum[SUMS], w = _mm256_set1_epi8(3), ones = _mm256_set1_epi16(1);
    for (int i = 0; i < SUMS; i++)
        sum[i] = w;
    for (size_t n = 0; n < rounds; n++) {
#pragma GCC unroll 12
        for (int i = 0; i < SUMS; i++) {
            __m256i pairs = _mm256_maddubs_epi16(sum[i], w);
            __asm__ volatile("" : "+x"(pairs));
            sum[i] = _mm256_add_epi32(sum[i], _mm256_madd_epi16(pairs, ones));
            __asm__ volatile("" : "+x"(sum[i]));
        }
    }
    return 2.0 * 32 * SUMS * (double)rounds;
}

static double float_peak(size_t rounds)
{
    __m256 sum[SUMS], w = _mm256_set1_ps(0.5f);
    for (int i = 0; i < SUMS; i++)
        sum[i] = w;
    for (size_t n = 0; n < rounds; n++) {
#pragma GCC unroll 12
        for (int i = 0; i < SUMS; i++) {
            sum[i] = _mm256_fmadd_ps(sum[i], w, w);
            __asm__ volatile("" : "+x"(sum[i]));
        }
    }
    return 2.0 * 8 * SUMS * (double)rounds;
}

double peak_run_avx2(bool integers, size_t rounds)
{
    return integers ? integer_peak(rounds) : float_peak(rounds);
}
