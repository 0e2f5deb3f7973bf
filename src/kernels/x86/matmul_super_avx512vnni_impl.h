/* matmul_super_avx512vnni_impl.h: panels of super-blocks times tokens; included by
 * matmul_q8_avx512vnni.c after its steps of a block.
 *
 * The codes are multiplied by their factors, those of PANEL_OFFSET256 negated and 128 added, like
 * the scale. Only the sums of one super-block are in registers, the others stay in memory: an FMA
 * a 32-block, 48 of 54 cycles are VPDPBUSD, and 48 of 66 with minimums. */

enum { SCALED_SHIFT = 7 };

/* The negated sums of activations of a super-block's halves as pairs of 16-bit numbers. */
struct sum_pairs {
    _Alignas(64) int32_t at[8 * Q8_GROUP];
};

ALWAYS_INLINE void pack_sums(struct sum_pairs *out, int tokens, const int32_t *minus16)
{
    UNROLL_TOKENS
    for (int t = 0; t < tokens; t++) {
        __m256i eight = _mm512_cvtepi32_epi16(_mm512_loadu_si512(minus16 + t * 16));
        _mm256_store_si256((__m256i *)(out->at + t * 8), eight);
    }
}

ALWAYS_INLINE void clear(struct floats *v, struct counts n)
{
    UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++)
        UNROLL_TILES
    for (int tile = 0; tile < n.tiles; tile++)
        v->at[tile][t] = _mm512_setzero_ps();
}

/* v += (float)i * d */
ALWAYS_INLINE void add_integers(struct floats *v, const struct integers *i, struct counts n,
                                const float *d)
{
    UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++) {
        __m512 factor = _mm512_set1_ps(d[t]);
        UNROLL_TILES
        for (int tile = 0; tile < n.tiles; tile++)
            v->at[tile][t] =
                _mm512_fmadd_ps(_mm512_cvtepi32_ps(i->at[tile][t]), factor, v->at[tile][t]);
    }
}

/* out [tokens][tiles * 16] += v * factor of each tile */
ALWAYS_INLINE void add_super(float *out, const struct floats *v, struct counts n,
                             const float *factor)
{
    UNROLL_TILES
    for (int tile = 0; tile < n.tiles; tile++) {
        __m512 w = _mm512_load_ps(factor + (size_t)tile * PANEL_FLOATS);
        UNROLL_TOKENS
        for (int t = 0; t < n.tokens; t++) {
            float *at = out + (t * n.tiles + tile) * PANEL_ROWS;
            _mm512_store_ps(at, _mm512_fmadd_ps(v->at[tile][t], w, _mm512_load_ps(at)));
        }
    }
}

ALWAYS_INLINE void add_super_minimums(float *out, struct counts n, const struct panel *panels,
                                      size_t super, const int32_t *minus16, const float *d)
{
    struct sum_pairs sums;
    pack_sums(&sums, n.tokens, minus16);
    struct floats u;
    clear(&u, n);
    for (size_t block = 0; block < 8; block++) {
        __m512i m[PANEL_MAX_TILES];
        UNROLL_TILES
        for (int tile = 0; tile < n.tiles; tile++)
            m[tile] = _mm512_load_si512(panels[tile].minimums[super * 8 + block]);
        struct integers i;
        UNROLL_TOKENS
        for (int t = 0; t < n.tokens; t++) {
            __m512i pair = _mm512_set1_epi32(sums.at[block * (size_t)n.tokens + (size_t)t]);
            UNROLL_TILES
            for (int tile = 0; tile < n.tiles; tile++)
                i.at[tile][t] = _mm512_madd_epi16(m[tile], pair);
        }
        add_integers(&u, &i, n, d + block * (size_t)n.tokens);
    }
    add_super(out, &u, n, panels->super_minimum[super]);
}

/* panel_kernel for constant counts, kinds PANEL_...256 */
ALWAYS_INLINE void multiply_super(enum panel_kind kind, int tiles, int tokens,
                                  const struct panel *panels, const struct panel_x *x,
                                  size_t n_blocks, float *out)
{
    const struct counts n = { tiles, tokens };
    const __m512i shift = _mm512_set1_epi32(SCALED_SHIFT);
    const uint8_t *ahead = x->ahead;
    for (size_t block = 0; block < n_blocks; block += 8) {
        size_t at = block * (size_t)tokens;
        if (kind == PANEL_MINIMUM256)
            add_super_minimums(out, n, panels, block / 8, x->minus16 + at * 2, x->d + at);
        struct floats v;
        clear(&v, n);
        for (size_t b = 0; b < 8; b++, at += (size_t)tokens) {
            struct integers i;
            ahead = fetch(ahead, x);
            start(&i, n, kind == PANEL_OFFSET256, x->minus + at, 1, shift);
            dot(&i, n, 8, panels->codes[(block + b) * 8][0], x->q + at * 32);
            add_integers(&v, &i, n, x->d + at);
        }
        add_super(out, &v, n, panels->super_scale[block / 8]);
    }
}
