/* vec_avx2.h: sixteen floats in two registers, for files compiled with AVX2, FMA and F16C.
 *
 * Owns the type `vec` and its verbs, the same as vec_avx512.h with the same bits in every lane; the
 * *_impl.h files are written over them. Leaves choosing the level to the file that includes it. */
#ifndef VEC_AVX2_H
#define VEC_AVX2_H

#include "base/base.h"

#include <immintrin.h>

#define LEVEL(name)  name##_avx2
#define LEVEL_AVX512 0
#define INLINE       static inline __attribute__((always_inline))

typedef struct {
    __m256 low, high;
} vec;
typedef __m128i vec_bytes;

#define VEC_BOTH(expression_low, expression_high) ((vec){ (expression_low), (expression_high) })

INLINE vec vec_zero(void)
{
    return VEC_BOTH(_mm256_setzero_ps(), _mm256_setzero_ps());
}

INLINE vec vec_set1(float value)
{
    __m256 v = _mm256_set1_ps(value);
    return VEC_BOTH(v, v);
}

INLINE vec vec_load(const float *p)
{
    return VEC_BOTH(_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8));
}

/* All ones in lanes [0, n), n <= 16. */
INLINE void vec_first(size_t n, __m256i *low, __m256i *high)
{
    __m256i limit = _mm256_set1_epi32((int)n);
    *low = _mm256_cmpgt_epi32(limit, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
    *high = _mm256_cmpgt_epi32(limit, _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15));
}

/* The first n <= 16 elements, zeros after; touches nothing beyond them. */
INLINE vec vec_load_n(const float *p, size_t n)
{
    if (__builtin_constant_p(n) && n == 16)
        return vec_load(p);
    __m256i low, high;
    vec_first(n, &low, &high);
    return VEC_BOTH(_mm256_maskload_ps(p, low), _mm256_maskload_ps(p + 8, high));
}

INLINE void vec_store(float *p, vec v)
{
    _mm256_storeu_ps(p, v.low);
    _mm256_storeu_ps(p + 8, v.high);
}

INLINE void vec_store_n(float *p, vec v, size_t n)
{
    if (__builtin_constant_p(n) && n == 16) {
        vec_store(p, v);
        return;
    }
    __m256i low, high;
    vec_first(n, &low, &high);
    _mm256_maskstore_ps(p, low, v.low);
    _mm256_maskstore_ps(p + 8, high, v.high);
}

INLINE vec vec_add(vec a, vec b)
{
    return VEC_BOTH(_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high));
}

INLINE vec vec_sub(vec a, vec b)
{
    return VEC_BOTH(_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high));
}

INLINE vec vec_mul(vec a, vec b)
{
    return VEC_BOTH(_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high));
}

INLINE vec vec_div(vec a, vec b)
{
    return VEC_BOTH(_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high));
}

INLINE vec vec_fma(vec a, vec b, vec c) /* a b + c */
{
    return VEC_BOTH(_mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high));
}

INLINE vec vec_fnma(vec a, vec b, vec c) /* c - a b */
{
    return VEC_BOTH(_mm256_fnmadd_ps(a.low, b.low, c.low),
                    _mm256_fnmadd_ps(a.high, b.high, c.high));
}

INLINE vec vec_max(vec a, vec b) /* b where one is NaN */
{
    return VEC_BOTH(_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high));
}

INLINE vec vec_min(vec a, vec b) /* b where one is NaN */
{
    return VEC_BOTH(_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high));
}

INLINE vec vec_abs(vec v)
{
    __m256 sign = _mm256_set1_ps(-0.0f);
    return VEC_BOTH(_mm256_andnot_ps(sign, v.low), _mm256_andnot_ps(sign, v.high));
}

INLINE vec vec_round(vec v) /* to the nearest integer, ties to even */
{
    return VEC_BOTH(_mm256_round_ps(v.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC),
                    _mm256_round_ps(v.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
}

/* In two steps, since 2^n alone may be no float; the first is exact when |v| is near 1. */
INLINE __m256 half_times_power(__m256 v, __m256 n)
{
    __m256i whole = _mm256_cvtps_epi32(n), first = _mm256_srai_epi32(whole, 1);
    __m256i second = _mm256_sub_epi32(whole, first), bias = _mm256_set1_epi32(127);
    __m256i a = _mm256_slli_epi32(_mm256_add_epi32(first, bias), 23);
    __m256i b = _mm256_slli_epi32(_mm256_add_epi32(second, bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(v, _mm256_castsi256_ps(a)), _mm256_castsi256_ps(b));
}

/* v 2^n, rounded once; n whole, -150 to 128. */
INLINE vec vec_times_power(vec v, vec n)
{
    return VEC_BOTH(half_times_power(v.low, n.low), half_times_power(v.high, n.high));
}

/* Even lanes a b - c, odd lanes a b + c. */
INLINE vec vec_fma_alternate(vec a, vec b, vec c)
{
    return VEC_BOTH(_mm256_fmaddsub_ps(a.low, b.low, c.low),
                    _mm256_fmaddsub_ps(a.high, b.high, c.high));
}

INLINE vec vec_swap_pairs(vec v)
{
    return VEC_BOTH(_mm256_permute_ps(v.low, 0xb1), _mm256_permute_ps(v.high, 0xb1));
}

/* p[0] p[0] p[1] p[1] ... of the first n <= 8 elements, zeros after. */
INLINE vec vec_load_twice(const float *p, size_t n)
{
    __m256 v = n == 8 ? _mm256_loadu_ps(p) : vec_load_n(p, n).low;
    return VEC_BOTH(_mm256_permutevar8x32_ps(v, _mm256_setr_epi32(0, 0, 1, 1, 2, 2, 3, 3)),
                    _mm256_permutevar8x32_ps(v, _mm256_setr_epi32(4, 4, 5, 5, 6, 6, 7, 7)));
}

/* Lanes [begin, end) of v, elsewhere `other`. */
INLINE vec vec_keep(vec v, size_t begin, size_t end, vec other)
{
    __m256i not_low, not_high, low, high;
    vec_first(begin, &not_low, &not_high);
    vec_first(end, &low, &high);
    low = _mm256_andnot_si256(not_low, low);
    high = _mm256_andnot_si256(not_high, high);
    return VEC_BOTH(_mm256_blendv_ps(other.low, v.low, _mm256_castsi256_ps(low)),
                    _mm256_blendv_ps(other.high, v.high, _mm256_castsi256_ps(high)));
}

INLINE vec vec_where_negative(vec sign, vec then, vec otherwise) /* sign < 0 */
{
    __m256 zero = _mm256_setzero_ps();
    __m256 low = _mm256_cmp_ps(sign.low, zero, _CMP_LT_OQ);
    __m256 high = _mm256_cmp_ps(sign.high, zero, _CMP_LT_OQ);
    return VEC_BOTH(_mm256_blendv_ps(otherwise.low, then.low, low),
                    _mm256_blendv_ps(otherwise.high, then.high, high));
}

INLINE uint32_t lanes_of(__m256 low, __m256 high)
{
    return (uint32_t)_mm256_movemask_ps(low) | (uint32_t)_mm256_movemask_ps(high) << 8;
}

/* One bit a lane: a >= b, a > b, a == b; 0 where one is NaN. */
INLINE uint32_t vec_at_least(vec a, vec b)
{
    return lanes_of(_mm256_cmp_ps(a.low, b.low, _CMP_GE_OQ),
                    _mm256_cmp_ps(a.high, b.high, _CMP_GE_OQ));
}

INLINE uint32_t vec_greater(vec a, vec b)
{
    return lanes_of(_mm256_cmp_ps(a.low, b.low, _CMP_GT_OQ),
                    _mm256_cmp_ps(a.high, b.high, _CMP_GT_OQ));
}

INLINE uint32_t vec_equal(vec a, vec b)
{
    return lanes_of(_mm256_cmp_ps(a.low, b.low, _CMP_EQ_OQ),
                    _mm256_cmp_ps(a.high, b.high, _CMP_EQ_OQ));
}

INLINE __m256 vec_low(vec v)
{
    return v.low;
}

INLINE __m256 vec_high(vec v)
{
    return v.high;
}

/* Sixteen stored numbers widened. */
INLINE vec vec_from_halves(const void *p)
{
    const __m128i *halves = p;
    return VEC_BOTH(_mm256_cvtph_ps(_mm_loadu_si128(halves)),
                    _mm256_cvtph_ps(_mm_loadu_si128(halves + 1)));
}

INLINE __m256 from_8_bfloats(__m128i bfloats)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bfloats), 16));
}

INLINE vec vec_from_bfloats(const void *p)
{
    const __m128i *bfloats = p;
    return VEC_BOTH(from_8_bfloats(_mm_loadu_si128(bfloats)),
                    from_8_bfloats(_mm_loadu_si128(bfloats + 1)));
}

INLINE vec vec_from_bytes(vec_bytes bytes) /* signed */
{
    return VEC_BOTH(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)),
                    _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_srli_si128(bytes, 8))));
}

INLINE __m256i vec_to_halves(vec v)
{
    __m128i low = _mm256_cvtps_ph(v.low, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    __m128i high = _mm256_cvtps_ph(v.high, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
}

/* Sixteen numbers within int8, rounded to the nearest, ties to even. */
INLINE void vec_store_bytes(void *p, vec v)
{
    __m256i low = _mm256_cvtps_epi32(v.low), high = _mm256_cvtps_epi32(v.high);
    __m256i shorts = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
    _mm_storeu_si128(
        p, _mm_packs_epi16(_mm256_castsi256_si128(shorts), _mm256_extracti128_si256(shorts, 1)));
}

INLINE __m256i to_8_bfloats(__m256 v) /* in the low halves of the lanes */
{
    __m256i bits = _mm256_castps_si256(v), top = _mm256_srli_epi32(bits, 16);
    __m256i odd = _mm256_and_si256(top, _mm256_set1_epi32(1));
    __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(bits, _mm256_set1_epi32(0x7fff)), odd);
    __m256i quiet = _mm256_or_si256(top, _mm256_set1_epi32(0x40));
    __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    return _mm256_blendv_epi8(_mm256_srli_epi32(rounded, 16), quiet, nan);
}

/* Sixteen numbers rounded to the nearest, ties to even; a NaN keeps its payload's top. */
INLINE void vec_store_bfloats(void *p, vec v)
{
    __m256i both = _mm256_packus_epi32(to_8_bfloats(v.low), to_8_bfloats(v.high));
    _mm256_storeu_si256(p, _mm256_permute4x64_epi64(both, 0xd8));
}

/* Sixteen doubles, the sums of sixteen lanes. */
typedef struct {
    __m256d quarter[4];
} vec_sums;

INLINE vec_sums sums_zero(void)
{
    __m256d zero = _mm256_setzero_pd();
    return (vec_sums){ { zero, zero, zero, zero } };
}

INLINE __m256d lower_doubles(__m256 v)
{
    return _mm256_cvtps_pd(_mm256_castps256_ps128(v));
}

INLINE __m256d upper_doubles(__m256 v)
{
    return _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
}

INLINE vec_sums sums_add(vec_sums s, vec v)
{
    s.quarter[0] = _mm256_add_pd(s.quarter[0], lower_doubles(v.low));
    s.quarter[1] = _mm256_add_pd(s.quarter[1], upper_doubles(v.low));
    s.quarter[2] = _mm256_add_pd(s.quarter[2], lower_doubles(v.high));
    s.quarter[3] = _mm256_add_pd(s.quarter[3], upper_doubles(v.high));
    return s;
}

INLINE __m256d add_square(__m256d sum, __m256d x)
{
    return _mm256_fmadd_pd(x, x, sum);
}

INLINE vec_sums sums_add_square(vec_sums s, vec v)
{
    s.quarter[0] = add_square(s.quarter[0], lower_doubles(v.low));
    s.quarter[1] = add_square(s.quarter[1], upper_doubles(v.low));
    s.quarter[2] = add_square(s.quarter[2], lower_doubles(v.high));
    s.quarter[3] = add_square(s.quarter[3], upper_doubles(v.high));
    return s;
}

INLINE void sums_store(double lanes[16], vec_sums s)
{
    for (int i = 0; i < 4; i++)
        _mm256_storeu_pd(lanes + 4 * i, s.quarter[i]);
}

#include "kernels/x86/vec_x86.h"

#endif
