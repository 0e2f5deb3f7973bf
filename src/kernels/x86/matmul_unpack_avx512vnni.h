/* matmul_unpack_avx512vnni.h: reading 16 rows at once; private to the AVX-512 unpackers.
 *
 * Owns the transpositions that turn "16 bytes of each of 16 rows" into "four registers of 16 rows".
 */
#ifndef MATMUL_UNPACK_AVX512VNNI_H
#define MATMUL_UNPACK_AVX512VNNI_H

#include "kernels/x86/matmul_avx512vnni.h"

/* Loops over constants, so that arrays of registers stay registers. */
#define PRAGMA(text) _Pragma(#text)
#define UNROLL(n)    PRAGMA(GCC unroll n)

/* Ask for the next `bytes` of what will be unpacked later. */
ALWAYS_INLINE void prefetch(const uint8_t **ahead, size_t bytes)
{
    UNROLL(16)
    for (size_t i = 0; i < bytes; i += 64)
        _mm_prefetch((const char *)(*ahead + i), _MM_HINT_T0);
    *ahead += bytes;
}

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

/* The numbers of 2 or 4 bytes at the same place of every row's blocks: [block][row]. Reading a
 * whole stretch of them first keeps a vector load from waiting for the scalar stores before it, and
 * brings the rows into the nearest cache. */
struct halves {
    _Alignas(64) uint16_t at[PANEL_K / 32][PANEL_ROWS];
};
struct words {
    _Alignas(64) uint32_t at[PANEL_K / 32][PANEL_ROWS];
};

ALWAYS_INLINE void load_halves(struct halves *out, const uint8_t *from, size_t row_bytes,
                               size_t block_bytes, size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++, from += block_bytes) {
        UNROLL(16)
        for (size_t r = 0; r < PANEL_ROWS; r++)
            memcpy(&out->at[i][r], from + r * row_bytes, sizeof out->at[i][r]);
    }
}

ALWAYS_INLINE void load_words(struct words *out, const uint8_t *from, size_t row_bytes,
                              size_t block_bytes, size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++, from += block_bytes) {
        UNROLL(16)
        for (size_t r = 0; r < PANEL_ROWS; r++)
            memcpy(&out->at[i][r], from + r * row_bytes, sizeof out->at[i][r]);
    }
}

ALWAYS_INLINE __m512 halves_of(const struct halves *halves, size_t i)
{
    return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)halves->at[i]));
}

ALWAYS_INLINE __m512i words_of(const struct words *words, size_t i)
{
    return _mm512_load_si512(words->at[i]);
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
