/* vec_neon.h: sixteen floats in four registers, for arm64.
 *
 * Owns the type `vec` and its verbs, the same as vec_avx2.h with the same bits in every lane; the
 * *_impl.h files are written over them. Leaves choosing the level to the file that includes it. */
#ifndef VEC_NEON_H
#define VEC_NEON_H

#include "base/base.h"

#include <arm_neon.h>

#define LEVEL(name)  name##_neon
#define LEVEL_AVX512 0
#define INLINE       static inline __attribute__((always_inline))

typedef struct {
    float32x4_t at[4];
} vec;
typedef uint8x16_t vec_bytes;

/* f of each quarter of one, two or three vecs. */
#define VEC_EACH(f, a) ((vec){ { f((a).at[0]), f((a).at[1]), f((a).at[2]), f((a).at[3]) } })
#define VEC_EACH2(f, a, b)                                                               \
    ((vec){ { f((a).at[0], (b).at[0]), f((a).at[1], (b).at[1]), f((a).at[2], (b).at[2]), \
              f((a).at[3], (b).at[3]) } })
#define VEC_EACH3(f, a, b, c)                                                         \
    ((vec){ { f((a).at[0], (b).at[0], (c).at[0]), f((a).at[1], (b).at[1], (c).at[1]), \
              f((a).at[2], (b).at[2], (c).at[2]), f((a).at[3], (b).at[3], (c).at[3]) } })

INLINE vec vec_set1(float value)
{
    float32x4_t v = vdupq_n_f32(value);
    return (vec){ { v, v, v, v } };
}

INLINE vec vec_zero(void)
{
    return vec_set1(0);
}

INLINE vec vec_load(const float *p)
{
    return (vec){ { vld1q_f32(p), vld1q_f32(p + 4), vld1q_f32(p + 8), vld1q_f32(p + 12) } };
}

INLINE void vec_store(float *p, vec v)
{
    for (int i = 0; i < 4; i++)
        vst1q_f32(p + 4 * i, v.at[i]);
}

/* The first n <= 16 elements, zeros after; touches nothing beyond them. */
INLINE vec vec_load_n(const float *p, size_t n)
{
    if (__builtin_constant_p(n) && n == 16)
        return vec_load(p);
    float lanes[16] = { 0 };
    memcpy(lanes, p, n * sizeof *p);
    return vec_load(lanes);
}

INLINE void vec_store_n(float *p, vec v, size_t n)
{
    if (__builtin_constant_p(n) && n == 16) {
        vec_store(p, v);
        return;
    }
    float lanes[16];
    vec_store(lanes, v);
    memcpy(p, lanes, n * sizeof *p);
}

INLINE vec vec_add(vec a, vec b)
{
    return VEC_EACH2(vaddq_f32, a, b);
}

INLINE vec vec_sub(vec a, vec b)
{
    return VEC_EACH2(vsubq_f32, a, b);
}

INLINE vec vec_mul(vec a, vec b)
{
    return VEC_EACH2(vmulq_f32, a, b);
}

INLINE vec vec_div(vec a, vec b)
{
    return VEC_EACH2(vdivq_f32, a, b);
}

INLINE vec vec_fma(vec a, vec b, vec c) /* a b + c */
{
    return VEC_EACH3(vfmaq_f32, c, a, b);
}

INLINE vec vec_fnma(vec a, vec b, vec c) /* c - a b */
{
    return VEC_EACH3(vfmsq_f32, c, a, b);
}

INLINE float32x4_t quarter_max(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

INLINE float32x4_t quarter_min(float32x4_t a, float32x4_t b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

INLINE vec vec_max(vec a, vec b) /* b where one is NaN */
{
    return VEC_EACH2(quarter_max, a, b);
}

INLINE vec vec_min(vec a, vec b) /* b where one is NaN */
{
    return VEC_EACH2(quarter_min, a, b);
}

INLINE vec vec_abs(vec v)
{
    return VEC_EACH(vabsq_f32, v);
}

INLINE vec vec_round(vec v) /* to the nearest integer, ties to even */
{
    return VEC_EACH(vrndnq_f32, v);
}

/* In two steps, since 2^n alone may be no float; the first is exact when |v| is near 1. */
INLINE float32x4_t quarter_times_power(float32x4_t v, float32x4_t n)
{
    int32x4_t whole = vcvtnq_s32_f32(n), first = vshrq_n_s32(whole, 1);
    int32x4_t second = vsubq_s32(whole, first), bias = vdupq_n_s32(127);
    int32x4_t a = vshlq_n_s32(vaddq_s32(first, bias), 23);
    int32x4_t b = vshlq_n_s32(vaddq_s32(second, bias), 23);
    return vmulq_f32(vmulq_f32(v, vreinterpretq_f32_s32(a)), vreinterpretq_f32_s32(b));
}

/* v 2^n, rounded once; n whole, -150 to 128. */
INLINE vec vec_times_power(vec v, vec n)
{
    return VEC_EACH2(quarter_times_power, v, n);
}

INLINE float32x4_t quarter_fma_alternate(float32x4_t a, float32x4_t b, float32x4_t c)
{
    const uint32x4_t sign = { 0x80000000, 0, 0x80000000, 0 };
    uint32x4_t turned = veorq_u32(vreinterpretq_u32_f32(c), sign);
    return vfmaq_f32(vreinterpretq_f32_u32(turned), a, b);
}

/* Even lanes a b - c, odd lanes a b + c. */
INLINE vec vec_fma_alternate(vec a, vec b, vec c)
{
    return VEC_EACH3(quarter_fma_alternate, a, b, c);
}

INLINE vec vec_swap_pairs(vec v)
{
    return VEC_EACH(vrev64q_f32, v);
}

/* p[0] p[0] p[1] p[1] ... of the first n <= 8 elements, zeros after. */
INLINE vec vec_load_twice(const float *p, size_t n)
{
    float lanes[8] = { 0 };
    memcpy(lanes, p, n * sizeof *p);
    float32x4_t low = vld1q_f32(lanes), high = vld1q_f32(lanes + 4);
    return (vec){ { vzip1q_f32(low, low), vzip2q_f32(low, low), vzip1q_f32(high, high),
                    vzip2q_f32(high, high) } };
}

/* Lanes [begin, end) of v, elsewhere `other`. */
INLINE vec vec_keep(vec v, size_t begin, size_t end, vec other)
{
    const uint32x4_t lanes = { 0, 1, 2, 3 };
    vec kept;
    for (uint32_t i = 0; i < 4; i++) {
        uint32x4_t lane = vaddq_u32(lanes, vdupq_n_u32(4 * i));
        uint32x4_t in = vandq_u32(vcgeq_u32(lane, vdupq_n_u32((uint32_t)begin)),
                                  vcltq_u32(lane, vdupq_n_u32((uint32_t)end)));
        kept.at[i] = vbslq_f32(in, v.at[i], other.at[i]);
    }
    return kept;
}

INLINE float32x4_t quarter_where_negative(float32x4_t sign, float32x4_t then, float32x4_t otherwise)
{
    return vbslq_f32(vcltzq_f32(sign), then, otherwise);
}

INLINE vec vec_where_negative(vec sign, vec then, vec otherwise) /* sign < 0 */
{
    return VEC_EACH3(quarter_where_negative, sign, then, otherwise);
}

/* One bit a lane of four comparisons. */
INLINE uint32_t lanes_of(uint32x4_t a, uint32x4_t b, uint32x4_t c, uint32x4_t d)
{
    const uint16x8_t low = { 1, 2, 4, 8, 16, 32, 64, 128 };
    uint16x8_t ab = vcombine_u16(vmovn_u32(a), vmovn_u32(b));
    uint16x8_t cd = vcombine_u16(vmovn_u32(c), vmovn_u32(d));
    return vaddvq_u16(vandq_u16(ab, low)) | (uint32_t)vaddvq_u16(vandq_u16(cd, low)) << 8;
}

#define LANES_WHERE(f, a, b)                                                            \
    lanes_of(f((a).at[0], (b).at[0]), f((a).at[1], (b).at[1]), f((a).at[2], (b).at[2]), \
             f((a).at[3], (b).at[3]))

/* One bit a lane: a >= b, a > b, a == b; 0 where one is NaN. */
INLINE uint32_t vec_at_least(vec a, vec b)
{
    return LANES_WHERE(vcgeq_f32, a, b);
}

INLINE uint32_t vec_greater(vec a, vec b)
{
    return LANES_WHERE(vcgtq_f32, a, b);
}

INLINE uint32_t vec_equal(vec a, vec b)
{
    return LANES_WHERE(vceqq_f32, a, b);
}

/* The largest lane; lanes that are NaN may hide others. */
INLINE float vec_largest(vec v)
{
    float32x4_t four = quarter_max(quarter_max(v.at[0], v.at[2]), quarter_max(v.at[1], v.at[3]));
    float32x4_t two = quarter_max(four, vextq_f32(four, four, 2));
    return vgetq_lane_f32(quarter_max(two, vextq_f32(two, two, 1)), 0);
}

/* The sum of the lanes, halves added to halves. */
INLINE float vec_total(vec v)
{
    float32x4_t four = vaddq_f32(vaddq_f32(v.at[0], v.at[2]), vaddq_f32(v.at[1], v.at[3]));
    float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

INLINE float32x4_t from_4_halves(const uint8_t *p)
{
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(p)));
}

INLINE float32x4_t from_4_bfloats(const uint8_t *p)
{
    return vreinterpretq_f32_u32(vshll_n_u16(vreinterpret_u16_u8(vld1_u8(p)), 16));
}

/* Sixteen stored numbers widened. */
INLINE vec vec_from_halves(const void *p)
{
    const uint8_t *at = p;
    return (vec){ { from_4_halves(at), from_4_halves(at + 8), from_4_halves(at + 16),
                    from_4_halves(at + 24) } };
}

INLINE vec vec_from_bfloats(const void *p)
{
    const uint8_t *at = p;
    return (vec){ { from_4_bfloats(at), from_4_bfloats(at + 8), from_4_bfloats(at + 16),
                    from_4_bfloats(at + 24) } };
}

INLINE vec vec_from_bytes(vec_bytes bytes) /* signed */
{
    int8x16_t s = vreinterpretq_s8_u8(bytes);
    int16x8_t low = vmovl_s8(vget_low_s8(s)), high = vmovl_high_s8(s);
    return (vec){ { vcvtq_f32_s32(vmovl_s16(vget_low_s16(low))), vcvtq_f32_s32(vmovl_high_s16(low)),
                    vcvtq_f32_s32(vmovl_s16(vget_low_s16(high))),
                    vcvtq_f32_s32(vmovl_high_s16(high)) } };
}

/* Sixteen numbers rounded to the nearest. */
INLINE void vec_store_halves(void *p, vec v)
{
    for (int i = 0; i < 4; i++)
        vst1_u8((uint8_t *)p + 8 * i, vreinterpret_u8_f16(vcvt_f16_f32(v.at[i])));
}

INLINE uint16x4_t to_4_bfloats(float32x4_t v)
{
    uint32x4_t bits = vreinterpretq_u32_f32(v), top = vshrq_n_u32(bits, 16);
    uint32x4_t odd = vandq_u32(top, vdupq_n_u32(1));
    uint32x4_t rounded = vaddq_u32(vaddq_u32(bits, vdupq_n_u32(0x7fff)), odd);
    uint32x4_t quiet = vorrq_u32(top, vdupq_n_u32(0x40));
    return vmovn_u32(vbslq_u32(vceqq_f32(v, v), vshrq_n_u32(rounded, 16), quiet));
}

/* Sixteen numbers rounded to the nearest, ties to even; a NaN keeps its payload's top. */
INLINE void vec_store_bfloats(void *p, vec v)
{
    for (int i = 0; i < 4; i++)
        vst1_u8((uint8_t *)p + 8 * i, vreinterpret_u8_u16(to_4_bfloats(v.at[i])));
}

/* Sixteen numbers within int8, rounded to the nearest, ties to even. */
INLINE void vec_store_bytes(void *p, vec v)
{
    int16x4_t quarters[4];
    for (int i = 0; i < 4; i++)
        quarters[i] = vmovn_s32(vcvtnq_s32_f32(v.at[i]));
    int8x8_t low = vmovn_s16(vcombine_s16(quarters[0], quarters[1]));
    int8x8_t high = vmovn_s16(vcombine_s16(quarters[2], quarters[3]));
    vst1q_u8(p, vreinterpretq_u8_s8(vcombine_s8(low, high)));
}

/* Sixteen bytes from any address. */
INLINE vec_bytes bytes_at(const void *p)
{
    return vld1q_u8(p);
}

INLINE vec_bytes bytes_set1(uint8_t byte)
{
    return vdupq_n_u8(byte);
}

/* (byte >> shift) & mask */
INLINE vec_bytes bytes_field(vec_bytes v, size_t shift, uint8_t mask)
{
    return vandq_u8(vshlq_u8(v, vdupq_n_s8((int8_t) - (int)shift)), bytes_set1(mask));
}

/* byte << 4 of bytes below 16 */
INLINE vec_bytes bytes_raise(vec_bytes v)
{
    return vshlq_n_u8(v, 4);
}

INLINE vec_bytes bytes_or(vec_bytes a, vec_bytes b)
{
    return vorrq_u8(a, b);
}

INLINE vec_bytes bytes_sub(vec_bytes a, vec_bytes b)
{
    return vsubq_u8(a, b);
}

/* Sixteen doubles, the sums of sixteen lanes. */
typedef struct {
    float64x2_t at[8];
} vec_sums;

INLINE vec_sums sums_zero(void)
{
    vec_sums s;
    for (int i = 0; i < 8; i++)
        s.at[i] = vdupq_n_f64(0);
    return s;
}

INLINE vec_sums sums_add(vec_sums s, vec v)
{
    for (int i = 0; i < 4; i++) {
        s.at[2 * i] = vaddq_f64(s.at[2 * i], vcvt_f64_f32(vget_low_f32(v.at[i])));
        s.at[2 * i + 1] = vaddq_f64(s.at[2 * i + 1], vcvt_high_f64_f32(v.at[i]));
    }
    return s;
}

INLINE vec_sums sums_add_square(vec_sums s, vec v)
{
    for (int i = 0; i < 4; i++) {
        float64x2_t low = vcvt_f64_f32(vget_low_f32(v.at[i])), high = vcvt_high_f64_f32(v.at[i]);
        s.at[2 * i] = vfmaq_f64(s.at[2 * i], low, low);
        s.at[2 * i + 1] = vfmaq_f64(s.at[2 * i + 1], high, high);
    }
    return s;
}

INLINE void sums_store(double lanes[16], vec_sums s)
{
    for (int i = 0; i < 8; i++)
        vst1q_f64(lanes + 2 * i, s.at[i]);
}

#endif
