/* matmul_super_avx2_impl.h: panels of super-blocks times tokens; included by
 * matmul_q8_avx2_impl.h.
 *
 * VPMADDWD, which adds pairs of 16-bit sums anyway, multiplies them by the half's factor in the
 * same instruction. */

enum { SUPER_BLOCKS = 256 / 32 };

/* A super-block of 8 rows from `row` on. */
struct super {
    size_t row;
    const uint8_t *codes; /* at the row */
    const int16_t (*factor)[PANEL_ROWS][2], (*minimums)[PANEL_ROWS][2];
    const int8_t *q;
    const float *d;
    const int32_t *minus16;
};

/* Sums of [token]. */
struct super_integers {
    __m256i at[Q8_GROUP];
};

struct super_sums {
    __m256 at[Q8_GROUP];
};

/* The negated sums of activations of a super-block's halves as pairs of 16-bit numbers. */
struct sum_pairs {
    _Alignas(32) int32_t at[SUPER_BLOCKS * Q8_GROUP];
};

ALWAYS_INLINE void pack_sums(struct sum_pairs *out, int tokens, const int32_t *minus16)
{
    UNROLL(6)
    for (int t = 0; t < tokens; t++, minus16 += 16) {
        __m256i low = _mm256_loadu_si256((const __m256i *)minus16),
                high = _mm256_loadu_si256((const __m256i *)(minus16 + 8));
        __m256i eight = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
        _mm256_store_si256((__m256i *)(out->at + t * 8), eight);
    }
}

/* s += factor * (codes [4][16][4] . q [tokens][32] + minus << shift). Codes are below 8: four quads
 * and the start fit 16 bits, 7 * 127 * 8 + 2032 * 4. */
ALWAYS_INLINE void dot_half(struct super_integers *s, bool offset, int tokens, const uint8_t *codes,
                            const int16_t (*factor)[2], const int8_t *q, const int32_t *minus,
                            int shift)
{
    const __m256i c = _mm256_load_si256((const __m256i *)factor);
    __m256i w[4];
    UNROLL(4)
    for (int i = 0; i < 4; i++)
        w[i] = _mm256_load_si256((const __m256i *)(codes + i * 64));
    UNROLL(6)
    for (int t = 0; t < tokens; t++) {
        __m256i pairs = _mm256_setzero_si256(); /* the start in one of each two */
        if (offset)
            pairs = _mm256_slli_epi32(_mm256_set1_epi32(minus[t * 2]), 16 + shift);
        UNROLL(4)
        for (int i = 0; i < 4; i++)
            pairs = in_order(_mm256_add_epi16(
                pairs, _mm256_maddubs_epi16(w[i], broadcast_quad(q + t * 32 + i * 4))));
        s->at[t] = in_order(_mm256_add_epi32(s->at[t], _mm256_madd_epi16(pairs, c)));
    }
}

/* v += (float)s * d */
ALWAYS_INLINE void add_integers(struct super_sums *v, const struct super_integers *s, int tokens,
                                const float *d)
{
    UNROLL(6)
    for (int t = 0; t < tokens; t++)
        v->at[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(s->at[t]), _mm256_set1_ps(d[t]), v->at[t]);
}

ALWAYS_INLINE void add_codes(struct super_sums *v, bool offset, int tokens, const struct super *b,
                             size_t block, int shift)
{
    struct super_integers s;
    UNROLL(6)
    for (int t = 0; t < tokens; t++)
        s.at[t] = _mm256_setzero_si256();
    UNROLL(2)
    for (size_t half = 0; half < 2; half++)
        dot_half(&s, offset, tokens, b->codes + (block * 8 + half * 4) * 64,
                 b->factor[block * 2 + half] + b->row,
                 b->q + block * (size_t)tokens * 32 + half * 16,
                 b->minus16 + block * (size_t)tokens * 2 + half, shift);
    add_integers(v, &s, tokens, b->d + block * (size_t)tokens);
}

ALWAYS_INLINE void add_minimums(struct super_sums *u, int tokens, const struct super *b,
                                const struct sum_pairs *sums, size_t block)
{
    const __m256i n = _mm256_load_si256((const __m256i *)(b->minimums[block] + b->row));
    struct super_integers s;
    UNROLL(6)
    for (int t = 0; t < tokens; t++)
        s.at[t] =
            _mm256_madd_epi16(n, _mm256_set1_epi32(sums->at[block * (size_t)tokens + (size_t)t]));
    add_integers(u, &s, tokens, b->d + block * (size_t)tokens);
}

/* out += v * factor */
ALWAYS_INLINE void add_super(float *out, size_t out_stride, const struct super_sums *v, int tokens,
                             const float *factor)
{
    const __m256 w = _mm256_load_ps(factor);
    UNROLL(6)
    for (int t = 0; t < tokens; t++, out += out_stride)
        _mm256_store_ps(out, _mm256_fmadd_ps(v->at[t], w, _mm256_load_ps(out)));
}

/* 8 rows from `row` on of one panel; `out` at that row of the first token. */
ALWAYS_INLINE void multiply_super_rows(enum panel_kind kind, int tokens, const struct panel *panel,
                                       size_t row, const struct panel_x *x, size_t n_blocks,
                                       int shift, float *out, size_t out_stride)
{
    for (size_t block = 0; block < n_blocks; block += SUPER_BLOCKS) {
        const size_t at = block * (size_t)tokens, super = block / SUPER_BLOCKS;
        const struct super b = { row,
                                 panel->codes[block * 8][row],
                                 &panel->factor[block * 2],
                                 &panel->minimums[block],
                                 x->q + at * 32,
                                 x->d + at,
                                 x->minus16 + at * 2 };
        struct super_sums v, u;
        UNROLL(6)
        for (int t = 0; t < tokens; t++)
            v.at[t] = u.at[t] = _mm256_setzero_ps();
        if (kind == PANEL_MINIMUM256) {
            struct sum_pairs sums;
            pack_sums(&sums, tokens, b.minus16);
            for (size_t i = 0; i < SUPER_BLOCKS; i++)
                add_minimums(&u, tokens, &b, &sums, i);
            add_super(out, out_stride, &u, tokens, &panel->super_minimum[super][row]);
        }
        for (size_t i = 0; i < SUPER_BLOCKS; i++)
            add_codes(&v, kind == PANEL_OFFSET256, tokens, &b, i, shift);
        add_super(out, out_stride, &v, tokens, &panel->super_scale[super][row]);
    }
}
