/* matmul_vec_avx2.h: the vector of the unpackers with AVX2: 8 rows; private to matmul_unpack_*.
 *
 * Owns the operations that matmul_unpack_impl.h is written in; matmul_vec_avx512vnni.h has the same
 * for 16 rows. */
#ifndef MATMUL_VEC_AVX2_H
#define MATMUL_VEC_AVX2_H

#include <immintrin.h>

#include "kernels/x86/matmul_unpack.h"

enum { VEC_ROWS = 8 };
typedef __m256i vec;  /* four bytes of every row */
typedef __m256 vec_f; /* a float of every row */

struct quads {
    vec at[4]; /* [j] = bytes 4j..4j+3 of every row */
};

/* 16 bytes of rows first and first + 4. */
ALWAYS_INLINE vec load_every_fourth(const uint8_t *first, size_t stride)
{
    vec rows = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)first));
    return _mm256_inserti128_si256(rows, _mm_loadu_si128((const __m128i *)(first + 4 * stride)), 1);
}

/* 16 bytes of every row, transposed. */
ALWAYS_INLINE struct quads load_quads(const uint8_t *from, size_t stride)
{
    vec a = load_every_fourth(from, stride), b = load_every_fourth(from + stride, stride);
    vec c = load_every_fourth(from + 2 * stride, stride),
        d = load_every_fourth(from + 3 * stride, stride);
    vec ab_low = _mm256_unpacklo_epi32(a, b), ab_high = _mm256_unpackhi_epi32(a, b);
    vec cd_low = _mm256_unpacklo_epi32(c, d), cd_high = _mm256_unpackhi_epi32(c, d);
    return (struct quads){ {
        _mm256_unpacklo_epi64(ab_low, cd_low),
        _mm256_unpackhi_epi64(ab_low, cd_low),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    } };
}

ALWAYS_INLINE vec vec_load(const void *from)
{
    return _mm256_load_si256(from);
}

ALWAYS_INLINE void vec_store(void *to, vec v)
{
    _mm256_store_si256(to, v);
}

ALWAYS_INLINE void vec_f_store(float *to, vec_f v)
{
    _mm256_store_ps(to, v);
}

ALWAYS_INLINE vec vec_bytes(char byte)
{
    return _mm256_set1_epi8(byte);
}

ALWAYS_INLINE vec vec_and(vec a, vec b)
{
    return _mm256_and_si256(a, b);
}

ALWAYS_INLINE vec vec_or(vec a, vec b)
{
    return _mm256_or_si256(a, b);
}

ALWAYS_INLINE vec vec_xor(vec a, vec b)
{
    return _mm256_xor_si256(a, b);
}

ALWAYS_INLINE vec vec_subtract_bytes(vec a, vec b)
{
    return _mm256_sub_epi8(a, b);
}

/* (a & mask) | b */
ALWAYS_INLINE vec vec_and_or(vec a, char mask, vec b)
{
    return vec_or(vec_and(a, vec_bytes(mask)), b);
}

/* Shifts of all 32 bits of every row. */
ALWAYS_INLINE vec vec_left(vec v, unsigned n)
{
    return _mm256_slli_epi32(v, (int)n);
}

ALWAYS_INLINE vec vec_right(vec v, unsigned n)
{
    return _mm256_srli_epi32(v, (int)n);
}

ALWAYS_INLINE vec vec_right_signed(vec v, unsigned n)
{
    return _mm256_srai_epi32(v, (int)n);
}

ALWAYS_INLINE vec_f vec_to_float(vec v)
{
    return _mm256_cvtepi32_ps(v);
}

ALWAYS_INLINE vec_f vec_f_multiply(vec_f a, vec_f b)
{
    return _mm256_mul_ps(a, b);
}

ALWAYS_INLINE vec_f vec_f_negate(vec_f v)
{
    return _mm256_xor_ps(v, _mm256_set1_ps(-0.0f));
}

/* Half floats of consecutive rows. */
ALWAYS_INLINE vec_f vec_f_halves(const uint16_t *halves)
{
    return _mm256_cvtph_ps(_mm_load_si128((const __m128i *)halves));
}

/* The half float in the low 16 bits of every row. */
ALWAYS_INLINE vec_f vec_low_half(vec words)
{
    vec low = vec_and(words, _mm256_set1_epi32(0xffff));
    vec packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
    return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
}

/* Bits 4 * j to 4 * j + 3 of every row, each to bit 4 of its byte. */
ALWAYS_INLINE vec vec_fifth_bits(vec bits, unsigned j)
{
    const vec first_bytes = _mm256_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12, 0,
                                             0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12);
    const vec own_bit = _mm256_set1_epi32(0x08040201);
    vec nibble = _mm256_shuffle_epi8(vec_right(bits, 4 * j), first_bytes);
    vec present = _mm256_cmpeq_epi8(vec_and(nibble, own_bit), own_bit);
    return vec_and(present, vec_bytes(16));
}

#endif
