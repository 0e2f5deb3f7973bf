/* vec_x86.h: the verbs that AVX2 and AVX-512 share: folding lanes, and sixteen bytes at once.
 *
 * Included at the end of vec_avx2.h and vec_avx512.h, over whose `vec` it is written. */
#ifndef VEC_X86_H
#define VEC_X86_H

/* The largest lane; lanes that are NaN may hide others. */
INLINE float vec_largest(vec v)
{
    __m256 a = _mm256_max_ps(vec_low(v), vec_high(v));
    __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(b, _mm_shuffle_ps(b, b, 1)));
}

/* The sum of the lanes, halves added to halves. */
INLINE float vec_total(vec v)
{
    __m256 a = _mm256_add_ps(vec_low(v), vec_high(v));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_shuffle_ps(b, b, 1)));
}

/* Sixteen numbers rounded to the nearest. */
INLINE void vec_store_halves(void *p, vec v)
{
    _mm256_storeu_si256(p, vec_to_halves(v));
}

/* Sixteen bytes from any address. */
INLINE vec_bytes bytes_at(const void *p)
{
    return _mm_loadu_si128(p);
}

INLINE vec_bytes bytes_set1(uint8_t byte)
{
    return _mm_set1_epi8((char)byte);
}

/* (byte >> shift) & mask, where shift + the mask's width are at most 8 */
INLINE vec_bytes bytes_field(vec_bytes v, size_t shift, uint8_t mask)
{
    return _mm_and_si128(_mm_srli_epi16(v, (int)shift), bytes_set1(mask));
}

/* byte << 4 of bytes below 16 */
INLINE vec_bytes bytes_raise(vec_bytes v)
{
    return _mm_slli_epi16(v, 4);
}

INLINE vec_bytes bytes_or(vec_bytes a, vec_bytes b)
{
    return _mm_or_si128(a, b);
}

INLINE vec_bytes bytes_sub(vec_bytes a, vec_bytes b)
{
    return _mm_sub_epi8(a, b);
}

#endif
