/* vec_avx512.h: sixteen floats in one register, for files compiled with AVX-512.
 *
 * Owns the type `vec` and its verbs, the same as vec_avx2.h with the same bits in every lane; the
 * *_impl.h files are written over them. Leaves choosing the level to the file that includes it. */
#ifndef VEC_AVX512_H
#define VEC_AVX512_H

#include "base/base.h"

#include <immintrin.h>

#define LEVEL(name)  name##_avx512
#define LEVEL_AVX512 1
#define INLINE       static inline __attribute__((always_inline))

typedef __m512 vec;
typedef __m128i vec_bytes;

INLINE vec vec_zero(void)
{
    return _mm512_setzero_ps();
}

INLINE vec vec_set1(float value)
{
    return _mm512_set1_ps(value);
}

INLINE vec vec_load(const float *p)
{
    return _mm512_loadu_ps(p);
}

INLINE __mmask16 vec_first(size_t n) /* n <= 16 */
{
    return (__mmask16)((1u << n) - 1);
}

/* The first n <= 16 elements, zeros after; touches nothing beyond them. */
INLINE vec vec_load_n(const float *p, size_t n)
{
    if (__builtin_constant_p(n) && n == 16)
        return vec_load(p);
    return _mm512_maskz_loadu_ps(vec_first(n), p);
}

INLINE void vec_store(float *p, vec v)
{
    _mm512_storeu_ps(p, v);
}

INLINE void vec_store_n(float *p, vec v, size_t n)
{
    if (__builtin_constant_p(n) && n == 16) {
        vec_store(p, v);
        return;
    }
    _mm512_mask_storeu_ps(p, vec_first(n), v);
}

INLINE vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

INLINE vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

INLINE vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

INLINE vec vec_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

INLINE vec vec_fma(vec a, vec b, vec c) /* a b + c */
{
    return _mm512_fmadd_ps(a, b, c);
}

INLINE vec vec_fnma(vec a, vec b, vec c) /* c - a b */
{
    return _mm512_fnmadd_ps(a, b, c);
}

INLINE vec vec_max(vec a, vec b) /* b where one is NaN */
{
    return _mm512_max_ps(a, b);
}

INLINE vec vec_min(vec a, vec b) /* b where one is NaN */
{
    return _mm512_min_ps(a, b);
}

INLINE vec vec_abs(vec v)
{
    return _mm512_abs_ps(v);
}

INLINE vec vec_round(vec v) /* to the nearest integer, ties to even */
{
    return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* v 2^n, rounded once; n whole, -150 to 128. */
INLINE vec vec_times_power(vec v, vec n)
{
    return _mm512_scalef_ps(v, n);
}

/* Even lanes a b - c, odd lanes a b + c. */
INLINE vec vec_fma_alternate(vec a, vec b, vec c)
{
    return _mm512_fmaddsub_ps(a, b, c);
}

INLINE vec vec_swap_pairs(vec v)
{
    return _mm512_permute_ps(v, 0xb1);
}

/* p[0] p[0] p[1] p[1] ... of the first n <= 8 elements, zeros after. */
INLINE vec vec_load_twice(const float *p, size_t n)
{
    const __m512i twice = _mm512_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
    /* A masked load that reaches into a page that is not there is slow, even if its mask is not. */
    vec v = n == 8 ? _mm512_castps256_ps512(_mm256_loadu_ps(p)) : vec_load_n(p, n);
    return _mm512_permutexvar_ps(twice, v);
}

/* Lanes [begin, end) of v, elsewhere `other`. */
INLINE vec vec_keep(vec v, size_t begin, size_t end, vec other)
{
    return _mm512_mask_mov_ps(other, (__mmask16)(vec_first(end) & ~vec_first(begin)), v);
}

INLINE vec vec_where_negative(vec sign, vec then, vec otherwise) /* sign < 0 */
{
    __mmask16 negative = _mm512_cmp_ps_mask(sign, vec_zero(), _CMP_LT_OQ);
    return _mm512_mask_mov_ps(otherwise, negative, then);
}

/* One bit a lane: a >= b, a > b, a == b; 0 where one is NaN. */
INLINE uint32_t vec_at_least(vec a, vec b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ);
}

INLINE uint32_t vec_greater(vec a, vec b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
}

INLINE uint32_t vec_equal(vec a, vec b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}

INLINE __m256 vec_low(vec v)
{
    return _mm512_castps512_ps256(v);
}

INLINE __m256 vec_high(vec v)
{
    return _mm512_extractf32x8_ps(v, 1);
}

/* Sixteen stored numbers widened. */
INLINE vec vec_from_halves(const void *p)
{
    return _mm512_cvtph_ps(_mm256_loadu_si256(p));
}

INLINE vec vec_from_bfloats(const void *p)
{
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

INLINE vec vec_from_bytes(vec_bytes bytes) /* signed */
{
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
}

INLINE __m256i vec_to_halves(vec v)
{
    return _mm512_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}

/* Sixteen numbers within int8, rounded to the nearest, ties to even. */
INLINE void vec_store_bytes(void *p, vec v)
{
    _mm_storeu_si128(p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(v)));
}

/* Sixteen numbers rounded to the nearest, ties to even; a NaN keeps its payload's top. */
INLINE void vec_store_bfloats(void *p, vec v)
{
    __m512i bits = _mm512_castps_si512(v), top = _mm512_srli_epi32(bits, 16);
    __m512i odd = _mm512_and_si512(top, _mm512_set1_epi32(1));
    __m512i rounded = _mm512_add_epi32(_mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff)), odd);
    __m512i quiet = _mm512_or_si512(top, _mm512_set1_epi32(0x40));
    __mmask16 nan = _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q);
    __m512i result = _mm512_mask_mov_epi32(_mm512_srli_epi32(rounded, 16), nan, quiet);
    _mm256_storeu_si256(p, _mm512_cvtepi32_epi16(result));
}

/* Sixteen doubles, the sums of sixteen lanes. */
typedef struct {
    __m512d low, high;
} vec_sums;

INLINE vec_sums sums_zero(void)
{
    return (vec_sums){ _mm512_setzero_pd(), _mm512_setzero_pd() };
}

INLINE vec_sums sums_add(vec_sums s, vec v)
{
    s.low = _mm512_add_pd(s.low, _mm512_cvtps_pd(vec_low(v)));
    s.high = _mm512_add_pd(s.high, _mm512_cvtps_pd(vec_high(v)));
    return s;
}

INLINE vec_sums sums_add_square(vec_sums s, vec v)
{
    __m512d low = _mm512_cvtps_pd(vec_low(v)), high = _mm512_cvtps_pd(vec_high(v));
    s.low = _mm512_fmadd_pd(low, low, s.low);
    s.high = _mm512_fmadd_pd(high, high, s.high);
    return s;
}

INLINE void sums_store(double lanes[16], vec_sums s)
{
    _mm512_storeu_pd(lanes, s.low);
    _mm512_storeu_pd(lanes + 8, s.high);
}

#include "kernels/x86/vec_x86.h"

#endif
