/* matmul_q8_arm_impl.h: panels times tokens; included by one file a level.
 *
 * The file defines before: ROWS, struct integers for so many rows, `dot`, which adds the products
 * of a few quads to them, and INIT. Codes and activations are both signed and all integers are
 * exact, so the levels and every other instruction set give the same floats. Those stay in memory
 * while a block's integer sums fill the registers. */

/* Where the integer sums start: -offset * sum of the activations, or 0. */
ALWAYS_INLINE void start(struct integers *s, int tokens, bool offset, const int32_t *minus,
                         int step, int shift)
{
    UNROLL(6)
    for (int t = 0; t < tokens; t++) {
        int32_t first = offset ? (int32_t)((uint32_t)minus[t * step] << shift) : 0;
        UNROLL(2)
        for (int four = 0; four < ROWS / 4; four++)
            s->at[t][four] = vdupq_n_s32(first);
    }
}

/* A 32-block of ROWS rows; all pointers at the block and the first of the rows. */
struct block {
    const int8_t *codes;
    const float *scale, *minimum;
    const int8_t *q;
    const float *d;
    const int32_t *minus;
    float *out;
    size_t out_stride;
};

/* out += v * d; `row` of ROWS is 0 or 4 */
ALWAYS_INLINE void add_to_out(const struct block *b, int t, int row, float32x4_t v)
{
    float *out = b->out + (size_t)t * b->out_stride + row;
    vst1q_f32(out, vfmaq_f32(vld1q_f32(out), v, vdupq_n_f32(b->d[t])));
}

ALWAYS_INLINE float32x4_t broadcast_float(int32_t value)
{
    return vdupq_n_f32((float)value);
}

ALWAYS_INLINE void block32(enum panel_kind kind, enum width width, int tokens,
                           const struct block *b, int shift)
{
    struct integers s;
    start(&s, tokens, kind == PANEL_OFFSET32 && width != EIGHT_BITS, b->minus, 1, shift);
    dot(&s, width, tokens, 8, b->codes, b->q);
    UNROLL(2)
    for (int four = 0; four < ROWS / 4; four++) {
        const float32x4_t w = vld1q_f32(b->scale + four * 4);
        UNROLL(6)
        for (int t = 0; t < tokens; t++) {
            float32x4_t v = vcvtq_f32_s32(s.at[t][four]);
            if (kind == PANEL_MINIMUM32) {
                float32x4_t m = vld1q_f32(b->minimum + four * 4);
                v = vfmaq_f32(vmulq_f32(broadcast_float(b->minus[t]), m), v, w);
            } else {
                v = vmulq_f32(v, w);
            }
            add_to_out(b, t, four * 4, v);
        }
    }
}

ALWAYS_INLINE void block16(enum panel_kind kind, int tokens, const struct block *b, int shift)
{
    struct integers first, second;
    bool offset = kind == PANEL_OFFSET16;
    start(&first, tokens, offset, b->minus, 2, shift);
    dot(&first, SIX_BITS, tokens, 4, b->codes, b->q);
    start(&second, tokens, offset, b->minus + 1, 2, shift);
    dot(&second, SIX_BITS, tokens, 4, b->codes + 4 * 64, b->q + 16);
    UNROLL(2)
    for (int four = 0; four < ROWS / 4; four++) {
        const float *scale = b->scale + four * 4;
        UNROLL(6)
        for (int t = 0; t < tokens; t++) {
            float32x4_t v = vmulq_f32(vcvtq_f32_s32(first.at[t][four]), vld1q_f32(scale));
            v = vfmaq_f32(v, vcvtq_f32_s32(second.at[t][four]), vld1q_f32(scale + PANEL_ROWS));
            add_to_out(b, t, four * 4, v);
        }
    }
}

/* ROWS rows from `row` on of one panel; `out` at that row of the first token. */
ALWAYS_INLINE void multiply_rows(enum panel_kind kind, enum width width, int tokens,
                                 const struct panel *panel, size_t row, const struct panel_x *x,
                                 size_t n_blocks, int shift, float *out, size_t out_stride)
{
    const int halves = kind == PANEL_OFFSET16 ? 2 : 1;
    struct block b = { (const int8_t *)panel->codes[0][row],
                       &panel->scale[0][row],
                       &panel->minimum[0][row],
                       x->q,
                       x->d,
                       halves == 2 ? x->minus16 : x->minus,
                       out,
                       out_stride };
    for (size_t i = 0; i < n_blocks; i++) {
        if (halves == 1)
            block32(kind, width, tokens, &b, shift);
        else
            block16(kind, tokens, &b, shift);
        b.codes += 8 * 64;
        b.scale += halves * PANEL_ROWS;
        b.minimum += halves * PANEL_ROWS;
        b.q += tokens * 32;
        b.d += tokens;
        b.minus += tokens * halves;
    }
}

#include "kernels/arm/matmul_super_arm_impl.h"

/* panel_kernel for a constant number of tokens */
ALWAYS_INLINE void multiply(enum panel_kind kind, int tiles, int tokens, const struct panel *panels,
                            const struct panel_x *x, size_t n_blocks, int shift, float *out)
{
    const size_t stride = (size_t)tiles * PANEL_ROWS;
    for (size_t row = 0; row < stride; row += ROWS) {
        const struct panel *panel = &panels[row / PANEL_ROWS];
        if (kind == PANEL_OFFSET256 || kind == PANEL_MINIMUM256)
            multiply_super_rows(kind, tokens, panel, row % PANEL_ROWS, x, n_blocks, shift,
                                out + row, stride);
        else if (kind == PANEL_OFFSET32 && shift == 7)
            multiply_rows(kind, EIGHT_BITS, tokens, panel, row % PANEL_ROWS, x, n_blocks, shift,
                          out + row, stride);
        else
            multiply_rows(kind, FIVE_BITS, tokens, panel, row % PANEL_ROWS, x, n_blocks, shift,
                          out + row, stride);
    }
}

#define UNPACKER(type) panel_unpack_##type##_neon
#define KERNELS_FETCH  false
#define DECODERS       0
#include "kernels/simd/matmul_panel_grid_impl.h"

void INIT(struct matmul_kernels *matmul)
{
    matmul->prepare = matmul_prepare_neon;
    matmul->scratch_bytes = panel_scratch_bytes;
    PANEL_TYPES(SET_RUN)
    matmul_init_float_neon(matmul);
}
