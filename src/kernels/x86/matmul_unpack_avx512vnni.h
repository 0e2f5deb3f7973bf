/* matmul_unpack_avx512vnni.h: reading 16 rows at once; private to the AVX-512 unpackers.
 *
 * Owns the transpositions that turn "16 bytes of each of 16 rows" into "four registers of 16 rows".
 */
#ifndef MATMUL_UNPACK_AVX512VNNI_H
#define MATMUL_UNPACK_AVX512VNNI_H

#include "kernels/x86/matmul_avx512vnni.h"

struct quads {
    __m512i at[4]; /* [j] = bytes 4j..4j+3 of every row */
};

/* 16 bytes of rows first, first + 4, first + 8, first + 12. */
ALWAYS_INLINE __m512i load_every_fourth(const uint8_t *first, size_t stride)
{
    __m512i rows = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)first));
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(first + 4 * stride)), 1);
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(first + 8 * stride)), 2);
    return _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(first + 12 * stride)), 3);
}

ALWAYS_INLINE struct quads load_quads(const uint8_t *from, size_t stride)
{
    __m512i a = load_every_fourth(from, stride), b = load_every_fourth(from + stride, stride);
    __m512i c = load_every_fourth(from + 2 * stride, stride),
            d = load_every_fourth(from + 3 * stride, stride);
    __m512i ab_low = _mm512_unpacklo_epi32(a, b), ab_high = _mm512_unpackhi_epi32(a, b);
    __m512i cd_low = _mm512_unpacklo_epi32(c, d), cd_high = _mm512_unpackhi_epi32(c, d);
    return (struct quads){ {
        _mm512_unpacklo_epi64(ab_low, cd_low),
        _mm512_unpackhi_epi64(ab_low, cd_low),
        _mm512_unpacklo_epi64(ab_high, cd_high),
        _mm512_unpackhi_epi64(ab_high, cd_high),
    } };
}

/* 4 bytes of every row. */
ALWAYS_INLINE __m512i load_words(const uint8_t *from, size_t stride)
{
    _Alignas(64) uint32_t words[16];
    for (size_t i = 0; i < 16; i++)
        memcpy(&words[i], from + i * stride, 4);
    return _mm512_load_si512(words);
}

/* The half floats at `from` of every row. */
ALWAYS_INLINE __m512 load_halves(const uint8_t *from, size_t stride)
{
    _Alignas(32) uint16_t halves[16];
    for (size_t i = 0; i < 16; i++)
        memcpy(&halves[i], from + i * stride, 2);
    return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)halves));
}

/* The half floats in the low or high half of every 32 bits. */
ALWAYS_INLINE __m512 low_half(__m512i words)
{
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words));
}

ALWAYS_INLINE __m512 high_half(__m512i words)
{
    return low_half(_mm512_srli_epi32(words, 16));
}

ALWAYS_INLINE __m512i low_nibbles(__m512i bytes)
{
    return _mm512_and_si512(bytes, _mm512_set1_epi8(15));
}

ALWAYS_INLINE __m512i high_nibbles(__m512i bytes)
{
    return low_nibbles(_mm512_srli_epi32(bytes, 4));
}

/* (a & mask) | b */
ALWAYS_INLINE __m512i and_or(__m512i a, char mask, __m512i b)
{
    return _mm512_ternarylogic_epi32(a, _mm512_set1_epi8(mask), b, 0xEA);
}

ALWAYS_INLINE __m512 negate(__m512 v)
{
    return _mm512_xor_ps(v, _mm512_set1_ps(-0.0f));
}

#endif
