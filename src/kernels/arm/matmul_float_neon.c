/* 2 rows x 2 tokens are 4 sums of four registers each: 16 of 32, and 16 loads for 16 FMAs. */
#include "kernels/arm/matmul_arm.h"
#include "kernels/simd/matmul_float.h"

enum { FLOAT_ROWS = 2, FLOAT_TOKENS = 2 };
#define ROWS_OF_TOKENS \
    {                  \
        2, 2           \
    }

typedef struct {
    float32x4_t at[4];
} lanes;

ALWAYS_INLINE lanes lanes_load(const float *from)
{
    return (lanes){ { vld1q_f32(from), vld1q_f32(from + 4), vld1q_f32(from + 8),
                      vld1q_f32(from + 12) } };
}

ALWAYS_INLINE void lanes_store(float *to, lanes v)
{
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        vst1q_f32(to + 4 * i, v.at[i]);
}

ALWAYS_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    return (lanes){ { vfmaq_f32(c.at[0], a.at[0], b.at[0]), vfmaq_f32(c.at[1], a.at[1], b.at[1]),
                      vfmaq_f32(c.at[2], a.at[2], b.at[2]),
                      vfmaq_f32(c.at[3], a.at[3], b.at[3]) } };
}

ALWAYS_INLINE float lanes_add(lanes s)
{
    float32x4_t four = vaddq_f32(vaddq_f32(s.at[0], s.at[2]), vaddq_f32(s.at[1], s.at[3]));
    float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vget_lane_f32(two, 0) + vget_lane_f32(two, 1);
}

/* The last elements of a row, copied to where reading past them is harmless. */
struct tail {
    uint8_t bytes[64];
};

ALWAYS_INLINE const uint8_t *whole_or_tail(const uint8_t *w, size_t count, size_t element_bytes,
                                           struct tail *tail)
{
    if (count == FLOAT_LANES)
        return w;
    memset(tail->bytes, 0, sizeof tail->bytes);
    memcpy(tail->bytes, w, count * element_bytes);
    return tail->bytes;
}

ALWAYS_INLINE lanes load_f32(const uint8_t *w, size_t count)
{
    struct tail tail;
    const uint8_t *from = whole_or_tail(w, count, 4, &tail);
    lanes v;
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        v.at[i] = vreinterpretq_f32_u8(vld1q_u8(from + 16 * i));
    return v;
}

ALWAYS_INLINE lanes load_f16(const uint8_t *w, size_t count)
{
    struct tail tail;
    const uint8_t *from = whole_or_tail(w, count, 2, &tail);
    lanes v;
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        v.at[i] = vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(from + 8 * i)));
    return v;
}

ALWAYS_INLINE lanes load_bf16(const uint8_t *w, size_t count)
{
    struct tail tail;
    const uint8_t *from = whole_or_tail(w, count, 2, &tail);
    lanes v;
    UNROLL(4)
    for (int i = 0; i < 4; i++) {
        uint16x4_t bits = vreinterpret_u16_u8(vld1_u8(from + 8 * i));
        v.at[i] = vreinterpretq_f32_u32(vshll_n_u16(bits, 16));
    }
    return v;
}

#define KERNELS_OF_TYPE(type, bytes) \
    KERNEL(type, bytes, 2, 1)        \
    KERNEL(type, bytes, 2, 2)        \
    KERNEL(type, bytes, 1, 1)        \
    KERNEL(type, bytes, 1, 2)
#define NAMES_OF_TYPE(type)     \
    { type##_2x1, type##_2x2 }, \
    {                           \
        type##_1x1, type##_1x2  \
    }
#define INIT matmul_init_float_neon

#include "kernels/simd/matmul_float_impl.h"
