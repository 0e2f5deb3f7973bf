/* matmul_ints_neon.h: the vector of the unpackers for arm64: 4 rows; private to
 * matmul_unpack_neon.c.
 *
 * Owns the operations that matmul_unpack_impl.h is written in, as matmul_ints_avx2.h does for 8
 * rows. */
#ifndef MATMUL_INTS_NEON_H
#define MATMUL_INTS_NEON_H

#include "kernels/arm/matmul_arm.h"

enum { VECTOR_ROWS = 4 };
typedef uint32x4_t ints;    /* four bytes of every row */
typedef float32x4_t floats; /* a float of every row */

struct quads {
    ints at[4]; /* [j] = bytes 4j..4j+3 of every row */
};

ALWAYS_INLINE uint64x2_t pairs_of(ints v)
{
    return vreinterpretq_u64_u32(v);
}

ALWAYS_INLINE ints row_quads(const uint8_t *from)
{
    return vreinterpretq_u32_u8(vld1q_u8(from));
}

/* 16 bytes of every row, transposed. */
ALWAYS_INLINE struct quads load_quads(const uint8_t *from, size_t stride)
{
    ints a = row_quads(from), b = row_quads(from + stride);
    ints c = row_quads(from + 2 * stride), d = row_quads(from + 3 * stride);
    uint64x2_t ab_low = pairs_of(vzip1q_u32(a, b)), ab_high = pairs_of(vzip2q_u32(a, b));
    uint64x2_t cd_low = pairs_of(vzip1q_u32(c, d)), cd_high = pairs_of(vzip2q_u32(c, d));
    return (struct quads){ {
        vreinterpretq_u32_u64(vzip1q_u64(ab_low, cd_low)),
        vreinterpretq_u32_u64(vzip2q_u64(ab_low, cd_low)),
        vreinterpretq_u32_u64(vzip1q_u64(ab_high, cd_high)),
        vreinterpretq_u32_u64(vzip2q_u64(ab_high, cd_high)),
    } };
}

ALWAYS_INLINE ints ints_load(const uint32_t *from)
{
    return vld1q_u32(from);
}

ALWAYS_INLINE void ints_store(uint8_t *to, ints v)
{
    vst1q_u8(to, vreinterpretq_u8_u32(v));
}

ALWAYS_INLINE void floats_store(float *to, floats v)
{
    vst1q_f32(to, v);
}

ALWAYS_INLINE ints ints_bytes(uint8_t byte)
{
    return vreinterpretq_u32_u8(vdupq_n_u8(byte));
}

ALWAYS_INLINE ints ints_and(ints a, ints b)
{
    return vandq_u32(a, b);
}

ALWAYS_INLINE ints ints_or(ints a, ints b)
{
    return vorrq_u32(a, b);
}

ALWAYS_INLINE ints ints_xor(ints a, ints b)
{
    return veorq_u32(a, b);
}

/* Of numbers of 16 bits. */
ALWAYS_INLINE ints ints_subtract_halves(ints a, ints b)
{
    return vreinterpretq_u32_u16(vsubq_u16(vreinterpretq_u16_u32(a), vreinterpretq_u16_u32(b)));
}

/* Of every row: two bytes as numbers of 16 bits. */
ALWAYS_INLINE ints ints_two_bytes(ints v, int first, int second)
{
    const uint32_t each = 0xff00ff00u | (uint32_t)first | (uint32_t)second << 16;
    const uint32x4_t own = { 0, 0x00040004, 0x00080008, 0x000c000c };
    uint8x16_t places = vreinterpretq_u8_u32(vaddq_u32(own, vdupq_n_u32(each)));
    return vreinterpretq_u32_u8(vqtbl1q_u8(vreinterpretq_u8_u32(v), places));
}

/* (a & mask) | b */
ALWAYS_INLINE ints ints_and_or(ints a, uint8_t mask, ints b)
{
    return ints_or(ints_and(a, ints_bytes(mask)), b);
}

/* Shifts of all 32 bits of every row. */
ALWAYS_INLINE ints ints_left(ints v, unsigned n)
{
    return vshlq_u32(v, vdupq_n_s32((int32_t)n));
}

ALWAYS_INLINE ints ints_right(ints v, unsigned n)
{
    return vshlq_u32(v, vdupq_n_s32(-(int32_t)n));
}

ALWAYS_INLINE ints ints_right_signed(ints v, unsigned n)
{
    return vreinterpretq_u32_s32(vshlq_s32(vreinterpretq_s32_u32(v), vdupq_n_s32(-(int32_t)n)));
}

/* Of signed numbers. */
ALWAYS_INLINE floats ints_to_floats(ints v)
{
    return vcvtq_f32_s32(vreinterpretq_s32_u32(v));
}

ALWAYS_INLINE floats floats_multiply(floats a, floats b)
{
    return vmulq_f32(a, b);
}

ALWAYS_INLINE floats floats_negate(floats v)
{
    return vnegq_f32(v);
}

/* Half floats of consecutive rows. */
ALWAYS_INLINE floats floats_halves(const uint16_t *halves)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(halves)));
}

/* The half float in the low 16 bits of every row. */
ALWAYS_INLINE floats ints_low_half(ints words)
{
    return vcvt_f32_f16(vreinterpret_f16_u16(vmovn_u32(words)));
}

/* Bits 4 * j to 4 * j + 3 of every row, each to bit 4 of its byte. */
ALWAYS_INLINE ints ints_fifth_bits(ints bits, unsigned j)
{
    const uint8x16_t first_bytes = { 0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12 };
    const uint8x16_t own_bit = { 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8 };
    uint8x16_t nibble = vqtbl1q_u8(vreinterpretq_u8_u32(ints_right(bits, 4 * j)), first_bytes);
    return vreinterpretq_u32_u8(vandq_u8(vtstq_u8(nibble, own_bit), vdupq_n_u8(16)));
}

#endif
