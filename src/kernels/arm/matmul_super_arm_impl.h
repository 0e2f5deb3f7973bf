/* matmul_super_arm_impl.h: panels of super-blocks times tokens; included by matmul_q8_arm_impl.h
 * after its steps of a block. */

enum { SUPER_BLOCKS = 256 / 32 };

/* A super-block of ROWS rows from `row` on. */
struct super {
    size_t row;
    const int8_t *codes; /* at the row */
    const int16_t (*factor)[PANEL_ROWS][2], (*minimums)[PANEL_ROWS][2];
    const int8_t *q;
    const float *d;
    const int32_t *minus16;
};

/* Float sums of rows taken together: [token], four rows each. */
struct super_sums {
    float32x4_t at[Q8_GROUP][ROWS / 4];
};

/* v += (float)s * d */
ALWAYS_INLINE float32x4_t add_integers(float32x4_t v, int32x4_t s, float d)
{
    return vfmaq_f32(v, vcvtq_f32_s32(s), vdupq_n_f32(d));
}

/* c of four rows. */
ALWAYS_INLINE int32x4_t load_factors(const int16_t (*factor)[2])
{
    return vmovl_s16(vuzp1_s16(vld1_s16(factor[0]), vld1_s16(factor[2])));
}

ALWAYS_INLINE void add_codes(struct super_sums *v, bool offset, int tokens, const struct super *b,
                             size_t block, int shift)
{
    const int8_t *codes = b->codes + block * 8 * 64, *q = b->q + block * (size_t)tokens * 32;
    const int32_t *minus = b->minus16 + block * (size_t)tokens * 2;
    struct integers first, second;
    start(&first, tokens, offset, minus, 2, shift);
    dot(&first, SIX_BITS, tokens, 4, codes, q);
    start(&second, tokens, offset, minus + 1, 2, shift);
    dot(&second, SIX_BITS, tokens, 4, codes + 4 * 64, q + 16);
    UNROLL(2)
    for (int four = 0; four < ROWS / 4; four++) {
        const int32x4_t c0 = load_factors(&b->factor[block * 2][b->row + (size_t)four * 4]);
        const int32x4_t c1 = load_factors(&b->factor[block * 2 + 1][b->row + (size_t)four * 4]);
        UNROLL(6)
        for (int t = 0; t < tokens; t++) {
            int32x4_t s = vmlaq_s32(vmulq_s32(first.at[t][four], c0), second.at[t][four], c1);
            v->at[t][four] =
                add_integers(v->at[t][four], s, b->d[block * (size_t)tokens + (size_t)t]);
        }
    }
}

/* Two products of a minimum and 16 activations' sum, each below 15 * 2032, fit 16 bits each. */
ALWAYS_INLINE void add_minimums(struct super_sums *u, int tokens, const struct super *b,
                                size_t block)
{
    const size_t at = block * (size_t)tokens;
    UNROLL(2)
    for (int four = 0; four < ROWS / 4; four++) {
        const int16x8_t n = vld1q_s16(b->minimums[block][b->row + (size_t)four * 4]);
        UNROLL(6)
        for (int t = 0; t < tokens; t++) {
            const int32_t *minus = b->minus16 + (at + (size_t)t) * 2;
            uint32_t pair = ((uint32_t)minus[0] & 0xffff) | (uint32_t)minus[1] << 16;
            int32x4_t s = vpaddlq_s16(vmulq_s16(n, vreinterpretq_s16_u32(vdupq_n_u32(pair))));
            u->at[t][four] = add_integers(u->at[t][four], s, b->d[at + (size_t)t]);
        }
    }
}

/* out += v * factor */
ALWAYS_INLINE void add_super(float *out, size_t out_stride, const struct super_sums *v, int tokens,
                             const float *factor)
{
    UNROLL(6)
    for (int t = 0; t < tokens; t++, out += out_stride) {
        UNROLL(2)
        for (int four = 0; four < ROWS / 4; four++) {
            float *at = out + four * 4;
            vst1q_f32(at, vfmaq_f32(vld1q_f32(at), v->at[t][four], vld1q_f32(factor + four * 4)));
        }
    }
}

/* ROWS rows from `row` on of one panel; `out` at that row of the first token. */
ALWAYS_INLINE void multiply_super_rows(enum panel_kind kind, int tokens, const struct panel *panel,
                                       size_t row, const struct panel_x *x, size_t n_blocks,
                                       int shift, float *out, size_t out_stride)
{
    for (size_t block = 0; block < n_blocks; block += SUPER_BLOCKS) {
        const size_t at = block * (size_t)tokens, super = block / SUPER_BLOCKS;
        const struct super b = { row,
                                 (const int8_t *)panel->codes[block * 8][row],
                                 &panel->factor[block * 2],
                                 &panel->minimums[block],
                                 x->q + at * 32,
                                 x->d + at,
                                 x->minus16 + at * 2 };
        struct super_sums v, u;
        memset(&v, 0, sizeof v);
        memset(&u, 0, sizeof u);
        if (kind == PANEL_MINIMUM256) {
            for (size_t i = 0; i < SUPER_BLOCKS; i++)
                add_minimums(&u, tokens, &b, i);
            add_super(out, out_stride, &u, tokens, &panel->super_minimum[super][row]);
        }
        for (size_t i = 0; i < SUPER_BLOCKS; i++)
            add_codes(&v, kind == PANEL_OFFSET256, tokens, &b, i, shift);
        add_super(out, out_stride, &v, tokens, &panel->super_scale[super][row]);
    }
}
