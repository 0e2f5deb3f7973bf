/* Activations to int8, a 32-block in eight registers; the reference's bits. */
#include "kernels/arm/matmul_arm.h"

#include <math.h>

/* The largest |x| as bits: integers order like the floats, infinities and NaNs come out on top. */
ALWAYS_INLINE uint32_t largest_bits(const float *x)
{
    uint32x4_t most = vdupq_n_u32(0);
    UNROLL(8)
    for (int i = 0; i < 8; i++)
        most = vmaxq_u32(most, vreinterpretq_u32_f32(vabsq_f32(vld1q_f32(x + 4 * i))));
    return vmaxvq_u32(most);
}

ALWAYS_INLINE int32x4_t round_quarter(const float *x, float32x4_t inverse)
{
    return vcvtnq_s32_f32(vmulq_f32(vld1q_f32(x), inverse));
}

/* 16 values to q; returns their sum. */
ALWAYS_INLINE int32_t round_half(int8_t *q, const float *x, float32x4_t inverse)
{
    int16x8_t low = vcombine_s16(vmovn_s32(round_quarter(x, inverse)),
                                 vmovn_s32(round_quarter(x + 4, inverse)));
    int16x8_t high = vcombine_s16(vmovn_s32(round_quarter(x + 8, inverse)),
                                  vmovn_s32(round_quarter(x + 12, inverse)));
    vst1q_s8(q, vcombine_s8(vmovn_s16(low), vmovn_s16(high)));
    return vaddlvq_s16(vaddq_s16(low, high));
}

static void prepare_block(const struct q8_group *group, size_t at, const float *x)
{
    uint32_t bits = largest_bits(x);
    float max;
    memcpy(&max, &bits, sizeof max);
    bool finite = bits < 0x7f800000;
    int32_t sum[2] = { 0, 0 };
    if (!finite || max < Q8_TINY) {
        memset(group->q + at * 32, 0, 32);
        group->d[at] = finite ? 0 : NAN;
    } else {
        float32x4_t inverse = vdupq_n_f32(127.0f / max);
        sum[0] = round_half(group->q + at * 32, x, inverse);
        sum[1] = round_half(group->q + at * 32 + 16, x + 16, inverse);
        group->d[at] = max / 127.0f;
    }
    group->minus[at] = -sum[0] - sum[1];
    group->minus16[at * 2] = -sum[0];
    group->minus16[at * 2 + 1] = -sum[1];
}

static void prepare_f32(float *out, const float *x, size_t k)
{
    memcpy(out, x, k * sizeof *out);
    memset(out + k, 0, (f32_stride(k) - k) * sizeof *out);
}

void matmul_prepare_neon(enum activation_format format, void *prepared, const float *x,
                         size_t x_stride, size_t m, size_t k, size_t begin, size_t end)
{
    for (size_t token = begin; token < end; token++) {
        const float *row = x + token * x_stride;
        if (format == ACTIVATION_F32) {
            prepare_f32((float *)prepared + token * f32_stride(k), row, k);
            continue;
        }
        struct q8_group group = q8_group_of(prepared, m, k, token);
        for (size_t block = 0; block < k / 32; block++)
            prepare_block(&group, block * group.n_tokens + token - group.first, row + block * 32);
    }
}
