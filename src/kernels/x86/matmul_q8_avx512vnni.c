/* Panels times tokens: 16 rows in a register, VPDPBUSD with four values of a token broadcast.
 *
 * Every function is unrolled over constant counts of tiles and tokens, so that the arrays live in
 * registers: with two tiles and six tokens 12 integer sums, 12 float sums, 2 registers of codes and
 * a broadcast. Of 60 cycles for a 32-block VPDPBUSD takes 48 (two a cycle); conversion runs beside
 * it, multiplication and FMA share its ports. */
#include "kernels/x86/matmul_avx512vnni.h"

enum { PANEL_FLOATS = sizeof(struct panel) / sizeof(float) }; /* from one tile to the next */

#define UNROLL_TILES  UNROLL(2)
#define UNROLL_TOKENS UNROLL(6)
#define UNROLL_QUADS  UNROLL(8)

struct counts {
    int tiles, tokens;
};

/* Registers of one strip: [tile][token]. */
struct integers {
    __m512i at[PANEL_MAX_TILES][Q8_GROUP];
};
struct floats {
    __m512 at[PANEL_MAX_TILES][Q8_GROUP];
};

/* Position in the panels and the tokens. */
struct cursor {
    const uint8_t *codes;
    const float *scale, *minimum;
    const int8_t *q;
    const float *d;
    const int32_t *minus; /* of 32-blocks, or [.][2] of their halves */
};

ALWAYS_INLINE __m512i broadcast_quad(const int8_t *q)
{
    int32_t quad;
    memcpy(&quad, q, sizeof quad);
    return _mm512_set1_epi32(quad);
}

/* Where the integer sums start: -offset * sum of the activations, or 0. */
ALWAYS_INLINE void start(struct integers *i, struct counts n, bool offset, const int32_t *minus,
                         int step, __m512i shift)
{
    UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++) {
        __m512i first = _mm512_setzero_si512();
        if (offset)
            first = _mm512_sllv_epi32(_mm512_set1_epi32(minus[t * step]), shift);
        UNROLL_TILES
        for (int tile = 0; tile < n.tiles; tile++)
            i->at[tile][t] = first;
    }
}

/* i += codes [quads][16][4] . q [tokens][32] */
ALWAYS_INLINE void dot(struct integers *i, struct counts n, int quads, const uint8_t *codes,
                       const int8_t *q)
{
    UNROLL_QUADS
    for (int quad = 0; quad < quads; quad++) {
        __m512i w[PANEL_MAX_TILES];
        UNROLL_TILES
        for (int tile = 0; tile < n.tiles; tile++)
            w[tile] = _mm512_load_si512(codes + (size_t)tile * sizeof(struct panel) + quad * 64);
        UNROLL_TOKENS
        for (int t = 0; t < n.tokens; t++) {
            __m512i x = broadcast_quad(q + t * 32 + quad * 4);
            UNROLL_TILES
            for (int tile = 0; tile < n.tiles; tile++)
                i->at[tile][t] = _mm512_dpbusd_epi32(i->at[tile][t], w[tile], x);
        }
    }
}

/* v (+)= (float)i * w; `first`: v starts here. */
ALWAYS_INLINE void scale(struct floats *v, const struct integers *i, struct counts n,
                         const float *w, bool first)
{
    UNROLL_TILES
    for (int tile = 0; tile < n.tiles; tile++) {
        __m512 factor = _mm512_load_ps(w + (size_t)tile * PANEL_FLOATS);
        UNROLL_TOKENS
        for (int t = 0; t < n.tokens; t++) {
            __m512 value = _mm512_cvtepi32_ps(i->at[tile][t]);
            v->at[tile][t] = first ? _mm512_mul_ps(value, factor)
                                   : _mm512_fmadd_ps(value, factor, v->at[tile][t]);
        }
    }
}

/* v (+)= (float)minus * minimum */
ALWAYS_INLINE void add_minimum(struct floats *v, struct counts n, const float *minimum,
                               const int32_t *minus, int step, bool first)
{
    __m512 m[PANEL_MAX_TILES];
    UNROLL_TILES
    for (int tile = 0; tile < n.tiles; tile++)
        m[tile] = _mm512_load_ps(minimum + (size_t)tile * PANEL_FLOATS);
    UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++) {
        __m512 s = _mm512_cvtepi32_ps(_mm512_set1_epi32(minus[t * step]));
        UNROLL_TILES
        for (int tile = 0; tile < n.tiles; tile++)
            v->at[tile][t] =
                first ? _mm512_mul_ps(s, m[tile]) : _mm512_fmadd_ps(s, m[tile], v->at[tile][t]);
    }
}

/* v = what a 32-block adds per unit of d, for types with a scale per 32 */
ALWAYS_INLINE void block32(struct floats *v, enum panel_kind kind, struct counts n,
                           const struct cursor *c, __m512i shift)
{
    struct integers i;
    start(&i, n, kind == PANEL_OFFSET32, c->minus, 1, shift);
    dot(&i, n, 8, c->codes, c->q);
    if (kind == PANEL_MINIMUM32)
        add_minimum(v, n, c->minimum, c->minus, 1, true);
    scale(v, &i, n, c->scale, kind == PANEL_OFFSET32);
}

/* The same with a scale per 16 */
ALWAYS_INLINE void block16(struct floats *v, enum panel_kind kind, struct counts n,
                           const struct cursor *c, __m512i shift)
{
    for (int half = 0; half < 2; half++) {
        struct integers i;
        start(&i, n, kind == PANEL_OFFSET16, c->minus + half, 2, shift);
        dot(&i, n, 4, c->codes + half * 4 * 64, c->q + half * 16);
        scale(v, &i, n, c->scale + half * PANEL_ROWS, half == 0);
    }
}

ALWAYS_INLINE void next_block(struct cursor *c, int halves, int tokens)
{
    c->codes += 8 * 64;
    c->scale += halves * PANEL_ROWS;
    c->minimum += halves * PANEL_ROWS;
    c->q += tokens * 32;
    c->d += tokens;
    c->minus += tokens * halves;
}

ALWAYS_INLINE void add_block(struct floats *acc, const struct floats *v, struct counts n,
                             const float *d)
{
    UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++) {
        __m512 factor = _mm512_set1_ps(d[t]);
        UNROLL_TILES
        for (int tile = 0; tile < n.tiles; tile++)
            acc->at[tile][t] = _mm512_fmadd_ps(v->at[tile][t], factor, acc->at[tile][t]);
    }
}

ALWAYS_INLINE const uint8_t *fetch(const uint8_t *ahead, const struct panel_x *x)
{
    const uint8_t *end = ahead + x->ahead_per_block;
    for (end = end < x->ahead_end ? end : x->ahead_end; ahead < end; ahead += 64)
        __builtin_prefetch(ahead);
    return ahead;
}

#include "kernels/x86/matmul_super_avx512vnni_impl.h"

/* panel_kernel for constant counts */
ALWAYS_INLINE void multiply(enum panel_kind kind, int tiles, int tokens, const struct panel *panels,
                            const struct panel_x *x, size_t n_blocks, int shift, float *out)
{
    if (kind == PANEL_OFFSET256 || kind == PANEL_MINIMUM256) {
        multiply_super(kind, tiles, tokens, panels, x, n_blocks, out);
        return;
    }
    const struct counts n = { tiles, tokens };
    const int halves = kind == PANEL_OFFSET16 ? 2 : 1;
    const __m512i shifts = _mm512_set1_epi32(shift);
    struct cursor c = { &panels->codes[0][0][0],
                        &panels->scale[0][0],
                        &panels->minimum[0][0],
                        x->q,
                        x->d,
                        halves == 2 ? x->minus16 : x->minus };
    struct floats acc;
    UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++)
        UNROLL_TILES
    for (int tile = 0; tile < n.tiles; tile++)
        acc.at[tile][t] = _mm512_load_ps(out + (t * n.tiles + tile) * PANEL_ROWS);

    const uint8_t *ahead = x->ahead;
    for (size_t block = 0; block < n_blocks; block++) {
        struct floats v;
        ahead = fetch(ahead, x);
        if (halves == 1)
            block32(&v, kind, n, &c, shifts);
        else
            block16(&v, kind, n, &c, shifts);
        add_block(&acc, &v, n, c.d);
        next_block(&c, halves, n.tokens);
    }
    UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++)
        UNROLL_TILES
    for (int tile = 0; tile < n.tiles; tile++)
        _mm512_store_ps(out + (t * n.tiles + tile) * PANEL_ROWS, acc.at[tile][t]);
}

#define UNPACKER(type) panel_unpack_##type##_avx512vnni
#define KERNELS_FETCH  true
#define DECODERS \
    [DTYPE_Q2_K] = panel_decode_Q2_K_avx512vnni, [DTYPE_Q3_K] = panel_decode_Q3_K_avx512vnni
#include "kernels/simd/matmul_panel_grid_impl.h"

void matmul_init_avx512vnni(struct matmul_kernels *matmul)
{
    matmul->prepare = matmul_prepare_avx512;
    matmul->scratch_bytes = panel_scratch_bytes;
    PANEL_TYPES(SET_RUN)
    matmul_init_float_avx512(matmul);
}
