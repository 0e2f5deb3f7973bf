/* matmul_ints_avx512vnni.h: the vector of the unpackers with AVX-512: 16 rows; private to
 * matmul_unpack_*.
 *
 * Owns the operations that matmul_unpack_impl.h is written in; matmul_ints_avx2.h has the same for
 * 8 rows. */
#ifndef MATMUL_INTS_AVX512VNNI_H
#define MATMUL_INTS_AVX512VNNI_H

#include <immintrin.h>

#include "kernels/simd/matmul_unpack.h"

enum { VECTOR_ROWS = 16 };
typedef __m512i ints;  /* four bytes of every row */
typedef __m512 floats; /* a float of every row */

struct quads {
    ints at[4]; /* [j] = bytes 4j..4j+3 of every row */
};

/* 16 bytes of rows first, first + 4, first + 8, first + 12. */
ALWAYS_INLINE ints load_every_fourth(const uint8_t *first, size_t stride)
{
    ints rows = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)first));
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(first + 4 * stride)), 1);
    rows = _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(first + 8 * stride)), 2);
    return _mm512_inserti32x4(rows, _mm_loadu_si128((const __m128i *)(first + 12 * stride)), 3);
}

/* 16 bytes of every row, transposed. */
ALWAYS_INLINE struct quads load_quads(const uint8_t *from, size_t stride)
{
    ints a = load_every_fourth(from, stride), b = load_every_fourth(from + stride, stride);
    ints c = load_every_fourth(from + 2 * stride, stride),
         d = load_every_fourth(from + 3 * stride, stride);
    ints ab_low = _mm512_unpacklo_epi32(a, b), ab_high = _mm512_unpackhi_epi32(a, b);
    ints cd_low = _mm512_unpacklo_epi32(c, d), cd_high = _mm512_unpackhi_epi32(c, d);
    return (struct quads){ {
        _mm512_unpacklo_epi64(ab_low, cd_low),
        _mm512_unpackhi_epi64(ab_low, cd_low),
        _mm512_unpacklo_epi64(ab_high, cd_high),
        _mm512_unpackhi_epi64(ab_high, cd_high),
    } };
}

ALWAYS_INLINE ints ints_load(const void *from)
{
    return _mm512_load_si512(from);
}

ALWAYS_INLINE void ints_store(void *to, ints v)
{
    _mm512_store_si512(to, v);
}

ALWAYS_INLINE void floats_store(float *to, floats v)
{
    _mm512_store_ps(to, v);
}

ALWAYS_INLINE ints ints_bytes(char byte)
{
    return _mm512_set1_epi8(byte);
}

ALWAYS_INLINE ints ints_and(ints a, ints b)
{
    return _mm512_and_si512(a, b);
}

ALWAYS_INLINE ints ints_or(ints a, ints b)
{
    return _mm512_or_si512(a, b);
}

ALWAYS_INLINE ints ints_xor(ints a, ints b)
{
    return _mm512_xor_si512(a, b);
}

/* Of numbers of 16 bits. */
ALWAYS_INLINE ints ints_subtract_halves(ints a, ints b)
{
    return _mm512_sub_epi16(a, b);
}

/* Of every row: two bytes as numbers of 16 bits. */
ALWAYS_INLINE ints ints_two_bytes(ints v, int first, int second)
{
    const int each = (int)0x80008000 | first | second << 16;
    const __m512i own =
        _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x00040004, 0x00080008, 0x000c000c));
    return _mm512_shuffle_epi8(v, _mm512_add_epi32(own, _mm512_set1_epi32(each)));
}

/* (a & mask) | b */
ALWAYS_INLINE ints ints_and_or(ints a, char mask, ints b)
{
    return _mm512_ternarylogic_epi32(a, ints_bytes(mask), b, 0xEA);
}

/* Shifts of all 32 bits of every row. */
ALWAYS_INLINE ints ints_left(ints v, unsigned n)
{
    return _mm512_slli_epi32(v, n);
}

ALWAYS_INLINE ints ints_right(ints v, unsigned n)
{
    return _mm512_srli_epi32(v, n);
}

ALWAYS_INLINE ints ints_right_signed(ints v, unsigned n)
{
    return _mm512_srai_epi32(v, n);
}

ALWAYS_INLINE floats ints_to_floats(ints v)
{
    return _mm512_cvtepi32_ps(v);
}

ALWAYS_INLINE floats floats_multiply(floats a, floats b)
{
    return _mm512_mul_ps(a, b);
}

ALWAYS_INLINE floats floats_negate(floats v)
{
    return _mm512_xor_ps(v, _mm512_set1_ps(-0.0f));
}

/* Half floats of consecutive rows. */
ALWAYS_INLINE floats floats_halves(const uint16_t *halves)
{
    return _mm512_cvtph_ps(_mm256_load_si256((const __m256i *)halves));
}

/* The half float in the low 16 bits of every row. */
ALWAYS_INLINE floats ints_low_half(ints words)
{
    return _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words));
}

/* Bits 4 * j to 4 * j + 3 of every row, each to bit 4 of its byte. */
ALWAYS_INLINE ints ints_fifth_bits(ints bits, unsigned j)
{
    /* entry n: bit b of n to bit 8 * b + 4; indices wrap at 16 */
    const ints spread = _mm512_setr_epi32(0, 0x10, 0x1000, 0x1010, 0x100000, 0x100010, 0x101000,
                                          0x101010, 0x10000000, 0x10000010, 0x10001000, 0x10001010,
                                          0x10100000, 0x10100010, 0x10101000, 0x10101010);
    return _mm512_permutexvar_epi32(ints_right(bits, 4 * j), spread);
}

#endif
