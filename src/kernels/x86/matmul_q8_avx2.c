/* Panels times tokens without VNNI: 8 rows in a register, VPMADDUBSW with four values of a token
 * broadcast.
 *
 * Pairs of products are summed in 16 bits first, over as many quads as the codes' width lets pass
 * without saturating: 31 * 127 * 2 * 4 and 63 * 127 * 2 * 2 are below 2^15, and 128 * 127 * 2 is,
 * too. All integers are exact, so the floats are those of the other instruction sets. The float
 * sums stay in memory: 16 registers hold four quads of codes and six integer sums. */
#include "kernels/x86/matmul_avx2.h"

#define UNROLL_TOKENS UNROLL(6)

enum { ROWS = 8 };

/* How wide the codes are decides how many quads are summed in 16 bits. */
enum width { FIVE_BITS, SIX_BITS, SIGNED_EIGHT_BITS };

struct integers {
    __m256i at[Q8_GROUP];
};

ALWAYS_INLINE __m256i broadcast_quad(const int8_t *q)
{
    int32_t quad;
    memcpy(&quad, q, sizeof quad);
    return _mm256_set1_epi32(quad);
}

/* Sums of two products in 16 bits. */
ALWAYS_INLINE __m256i multiply_quad(enum width width, __m256i w, __m256i x)
{
    if (width == SIGNED_EIGHT_BITS)
        return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
    return _mm256_maddubs_epi16(w, x);
}

/* Where the integer sums start: -offset * sum of the activations, or 0. */
ALWAYS_INLINE void start(struct integers *s, int tokens, bool offset, const int32_t *minus,
                         int step, int shift)
{
    UNROLL_TOKENS
    for (int t = 0; t < tokens; t++)
        s->at[t] = offset ? _mm256_set1_epi32((int32_t)((uint32_t)minus[t * step] << shift))
                          : _mm256_setzero_si256();
}

/* s += codes [quads][16][4] . q [tokens][32]; 8 of the 16 rows */
ALWAYS_INLINE void dot(struct integers *s, enum width width, int tokens, int quads,
                       const uint8_t *codes, const int8_t *q)
{
    const int at_once = width == FIVE_BITS ? 4 : width == SIX_BITS ? 2 : 1;
    const __m256i ones = _mm256_set1_epi16(1);
    UNROLL(8)
    for (int first = 0; first < quads; first += at_once) {
        __m256i w[4];
        UNROLL(4)
        for (int i = 0; i < at_once; i++)
            w[i] = _mm256_load_si256((const __m256i *)(codes + (first + i) * 64));
        UNROLL_TOKENS
        for (int t = 0; t < tokens; t++) {
            const int8_t *x = q + t * 32 + first * 4;
            __m256i pairs = multiply_quad(width, w[0], broadcast_quad(x));
            UNROLL(4)
            for (int i = 1; i < at_once; i++)
                pairs =
                    _mm256_add_epi16(pairs, multiply_quad(width, w[i], broadcast_quad(x + i * 4)));
            s->at[t] = _mm256_add_epi32(s->at[t], _mm256_madd_epi16(pairs, ones));
        }
    }
}

/* A 32-block of 8 rows; all pointers at the block and the first of the rows. */
struct block {
    const uint8_t *codes;
    const float *scale, *minimum;
    const int8_t *q;
    const float *d;
    const int32_t *minus;
    float *out;
    size_t out_stride;
};

ALWAYS_INLINE __m256 minus_times(const int32_t *minus, const float *minimum)
{
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_set1_epi32(*minus)), _mm256_load_ps(minimum));
}

ALWAYS_INLINE void add_to_out(const struct block *b, int t, __m256 v)
{
    float *out = b->out + (size_t)t * b->out_stride;
    _mm256_store_ps(out, _mm256_fmadd_ps(v, _mm256_set1_ps(b->d[t]), _mm256_load_ps(out)));
}

ALWAYS_INLINE void block32(enum panel_kind kind, enum width width, int tokens,
                           const struct block *b, int shift)
{
    struct integers s;
    start(&s, tokens, kind == PANEL_OFFSET32 && width != SIGNED_EIGHT_BITS, b->minus, 1, shift);
    dot(&s, width, tokens, 8, b->codes, b->q);
    const __m256 w = _mm256_load_ps(b->scale);
    UNROLL_TOKENS
    for (int t = 0; t < tokens; t++) {
        __m256 v = _mm256_cvtepi32_ps(s.at[t]);
        if (kind == PANEL_MINIMUM32)
            v = _mm256_fmadd_ps(v, w, minus_times(&b->minus[t], b->minimum));
        else
            v = _mm256_mul_ps(v, w);
        add_to_out(b, t, v);
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
    const __m256 w0 = _mm256_load_ps(b->scale), w1 = _mm256_load_ps(b->scale + PANEL_ROWS);
    UNROLL_TOKENS
    for (int t = 0; t < tokens; t++) {
        __m256 v = _mm256_mul_ps(_mm256_cvtepi32_ps(first.at[t]), w0);
        v = _mm256_fmadd_ps(_mm256_cvtepi32_ps(second.at[t]), w1, v);
        add_to_out(b, t, v);
    }
}

/* 8 rows from `row` on of one panel; `out` at that row of the first token. */
ALWAYS_INLINE void multiply_rows(enum panel_kind kind, enum width width, int tokens,
                                 const struct panel *panel, size_t row, const struct panel_x *x,
                                 size_t n_blocks, int shift, float *out, size_t out_stride)
{
    const int halves = kind == PANEL_OFFSET16 ? 2 : 1;
    struct block b = { panel->codes[0][row],
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

#include "kernels/x86/matmul_super_avx2_impl.h"

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
            multiply_rows(kind, SIGNED_EIGHT_BITS, tokens, panel, row % PANEL_ROWS, x, n_blocks,
                          shift, out + row, stride);
        else
            multiply_rows(kind, FIVE_BITS, tokens, panel, row % PANEL_ROWS, x, n_blocks, shift,
                          out + row, stride);
    }
}

#define UNPACKER(type) panel_unpack_##type##_avx2
#define KERNELS_FETCH  false
#include "kernels/simd/matmul_panel_grid_impl.h"

void matmul_init_avx2(struct matmul_kernels *matmul)
{
    matmul->prepare = matmul_prepare_avx2;
    matmul->scratch_bytes = panel_scratch_bytes;
    PANEL_TYPES(SET_RUN)
    matmul_init_float_avx2(matmul);
}
