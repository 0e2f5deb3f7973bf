/* matmul_ints_avx2.h: the vector of the unpackers with AVX2: 8 rows; private to matmul_unpack_*.
 *
 * Owns the operations that matmul_unpack_impl.h is written in; matmul_ints_avx512vnni.h has the
 * same for 16 rows. */
#ifndef MATMUL_INTS_AVX2_H
#define MATMUL_INTS_AVX2_H

#include <immintrin.h>

#include "kernels/simd/matmul_unpack.h"

enum { VECTOR_ROWS = 8 };
typedef __m256i ints;  /* four bytes of every row */
typedef __m256 floats; /* a float of every row */

struct quads {
    ints at[4]; /* [j] = bytes 4j..4j+3 of every row */
};

/* 16 bytes of rows first and first + 4. */
ALWAYS_INLINE ints load_every_fourth(const uint8_t *first, size_t stride)
{
    ints rows = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)first));
    return _mm256_inserti128_si256(rows, _mm_loadu_si128((const __m128i *)(first + 4 * stride)), 1);
}

/* 16 bytes of every row, transposed. */
ALWAYS_INLINE struct quads load_quads(const uint8_t *from, size_t stride)
{
    ints a = load_every_fourth(from, stride), b = load_every_fourth(from + stride, stride);
    ints c = load_every_fourth(from + 2 * stride, stride),
         d = load_every_fourth(from + 3 * stride, stride);
    ints ab_low = _mm256_unpacklo_epi32(a, b), ab_high = _mm256_unpackhi_epi32(a, b);
    ints cd_low = _mm256_unpacklo_epi32(c, d), cd_high = _mm256_unpackhi_epi32(c, d);
    return (struct quads){ {
        _mm256_unpacklo_epi64(ab_low, cd_low),
        _mm256_unpackhi_epi64(ab_low, cd_low),
        _mm256_unpacklo_epi64(ab_high, cd_high),
        _mm256_unpackhi_epi64(ab_high, cd_high),
    } };
}

ALWAYS_INLINE ints ints_load(const void *from)
{
    return _mm256_load_si256(from);
}

ALWAYS_INLINE void ints_store(void *to, ints v)
{
    _mm256_store_si256(to, v);
}

ALWAYS_INLINE void floats_store(float *to, floats v)
{
    _mm256_store_ps(to, v);
}

ALWAYS_INLINE ints ints_bytes(char byte)
{
    return _mm256_set1_epi8(byte);
}

ALWAYS_INLINE ints ints_and(ints a, ints b)
{
    return _mm256_and_si256(a, b);
}

ALWAYS_INLINE ints ints_or(ints a, ints b)
{
    return _mm256_or_si256(a, b);
}

ALWAYS_INLINE ints ints_xor(ints a, ints b)
{
    return _mm256_xor_si256(a, b);
}

/* Of numbers of 16 bits. */
ALWAYS_INLINE ints ints_subtract_halves(ints a, ints b)
{
    return _mm256_sub_epi16(a, b);
}

/* Of every row: two bytes as numbers of 16 bits. */
ALWAYS_INLINE ints ints_two_bytes(ints v, int first, int second)
{
    const int each = (int)0x80008000 | first | second << 16;
    const __m256i own = _mm256_setr_epi32(0, 0x00040004, 0x00080008, 0x000c000c, 0, 0x00040004,
                                          0x00080008, 0x000c000c);
    return _mm256_shuffle_epi8(v, _mm256_add_epi32(own, _mm256_set1_epi32(each)));
}

/* (a & mask) | b */
ALWAYS_INLINE ints ints_and_or(ints a, char mask, ints b)
{
    return ints_or(ints_and(a, ints_bytes(mask)), b);
}

/* Shifts of all 32 bits of every row. */
ALWAYS_INLINE ints ints_left(ints v, unsigned n)
{
    return _mm256_slli_epi32(v, (int)n);
}

ALWAYS_INLINE ints ints_right(ints v, unsigned n)
{
    return _mm256_srli_epi32(v, (int)n);
}

ALWAYS_INLINE ints ints_right_signed(ints v, unsigned n)
{
    return _mm256_srai_epi32(v, (int)n);
}

ALWAYS_INLINE floats ints_to_floats(ints v)
{
    return _mm256_cvtepi32_ps(v);
}

ALWAYS_INLINE floats floats_multiply(floats a, floats b)
{
    return _mm256_mul_ps(a, b);
}

ALWAYS_INLINE floats floats_negate(floats v)
{
    return _mm256_xor_ps(v, _mm256_set1_ps(-0.0f));
}

/* Half floats of consecutive rows. */
ALWAYS_INLINE floats floats_halves(const uint16_t *halves)
{
    return _mm256_cvtph_ps(_mm_load_si128((const __m128i *)halves));
}

/* The half float in the low 16 bits of every row. */
ALWAYS_INLINE floats ints_low_half(ints words)
{
    ints low = ints_and(words, _mm256_set1_epi32(0xffff));
    ints packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);
    return _mm256_cvtph_ps(_mm256_castsi256_si128(packed));
}

/* Bits 4 * j to 4 * j + 3 of every row, each to bit 4 of its byte. */
ALWAYS_INLINE ints ints_fifth_bits(ints bits, unsigned j)
{
    const ints first_bytes = _mm256_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12, 0,
                                              0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12);
    const ints own_bit = _mm256_set1_epi32(0x08040201);
    ints nibble = _mm256_shuffle_epi8(ints_right(bits, 4 * j), first_bytes);
    ints present = _mm256_cmpeq_epi8(ints_and(nibble, own_bit), own_bit);
    return ints_and(present, ints_bytes(16));
}

#endif
