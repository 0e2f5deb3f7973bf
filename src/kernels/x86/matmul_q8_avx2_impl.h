/* matmul_q8_avx2_impl.h: panels times tokens in 256-bit registers; included by one file for each
 * way to multiply bytes.
 *
 * A tile's 16 rows are two registers, so that a token's four values, broadcast once, serve two
 * products. Every function is unrolled over a constant number of tokens; the float sums stay in
 * memory. The file defines before: `struct integers`, sums [half of the rows][token], and dot(),
 * the exact product of codes and tokens, so that the floats are those of the other instruction
 * sets. */

/* A 32-block of 16 rows; all pointers at the block. */
struct block {
    const uint8_t *codes;
    const float *scale, *minimum;
    const int8_t *q;
    const float *d;
    const int32_t *minus; /* of 32-blocks, or [.][2] of their halves */
    float *out;
    size_t out_stride;
};

struct floats {
    __m256 at[2][Q8_GROUP];
};

ALWAYS_INLINE __m256 minus_times(const int32_t *minus, const float *minimum)
{
    return _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_set1_epi32(*minus)), _mm256_load_ps(minimum));
}

/* The integer sum, from -offset * sum of the activations on. */
ALWAYS_INLINE __m256 with_offset(__m256i sum, bool offset, const int32_t *minus, int shift)
{
    if (offset)
        sum = _mm256_add_epi32(sum, _mm256_set1_epi32((int32_t)((uint32_t)*minus << shift)));
    return _mm256_cvtepi32_ps(sum);
}

ALWAYS_INLINE void add_to_out(const struct block *b, int half, int t, __m256 v)
{
    float *out = b->out + (size_t)t * b->out_stride + half * HALF_ROWS;
    _mm256_store_ps(out, _mm256_fmadd_ps(v, _mm256_set1_ps(b->d[t]), _mm256_load_ps(out)));
}

ALWAYS_INLINE void block32(enum panel_kind kind, int bits, int tokens, const struct block *b)
{
    struct integers s;
    const bool offset = kind == PANEL_OFFSET32 && !IS_SIGNED(bits);
    dot(&s, bits, tokens, 8, b->codes, b->q);
    UNROLL(6)
    for (int t = 0; t < tokens; t++) {
        UNROLL(2)
        for (int half = 0; half < 2; half++) {
            const int row = half * HALF_ROWS;
            __m256 v = with_offset(s.at[half][t], offset, &b->minus[t], bits - 1);
            __m256 w = _mm256_load_ps(b->scale + row);
            if (kind == PANEL_MINIMUM32)
                v = _mm256_fmadd_ps(v, w, minus_times(&b->minus[t], b->minimum + row));
            else
                v = _mm256_mul_ps(v, w);
            add_to_out(b, half, t, v);
        }
    }
}

/* v (+)= (float)sum * scale of 16 elements; `first`: v starts here. */
ALWAYS_INLINE void add_half_block(struct floats *v, const struct integers *s, bool first, int bits,
                                  int tokens, const struct block *b)
{
    UNROLL(6)
    for (int t = 0; t < tokens; t++) {
        UNROLL(2)
        for (int half = 0; half < 2; half++) {
            const int32_t *minus = &b->minus[t * 2 + !first];
            __m256 w = _mm256_load_ps(b->scale + !first * PANEL_ROWS + half * HALF_ROWS);
            __m256 sum = with_offset(s->at[half][t], true, minus, bits - 1);
            v->at[half][t] =
                first ? _mm256_mul_ps(sum, w) : _mm256_fmadd_ps(sum, w, v->at[half][t]);
        }
    }
}

ALWAYS_INLINE void block16(int bits, int tokens, const struct block *b)
{
    struct integers s;
    struct floats v;
    dot(&s, bits, tokens, 4, b->codes, b->q);
    add_half_block(&v, &s, true, bits, tokens, b);
    dot(&s, bits, tokens, 4, b->codes + 4 * 64, b->q + 16);
    add_half_block(&v, &s, false, bits, tokens, b);
    UNROLL(6)
    for (int t = 0; t < tokens; t++) {
        UNROLL(2)
        for (int half = 0; half < 2; half++)
            add_to_out(b, half, t, v.at[half][t]);
    }
}

/* Keeps compilers from holding the float sums in registers they do not have. */
#define STAY_IN_MEMORY() __asm__ volatile("" ::: "memory")

ALWAYS_INLINE void some_tokens(enum panel_kind kind, int bits, int first, int count,
                               const struct block *whole)
{
    const bool has_halves = kind == PANEL_OFFSET16;
    struct block b = *whole;
    b.q += first * 32;
    b.d += first;
    b.minus += first * (has_halves ? 2 : 1);
    b.out += (size_t)first * b.out_stride;
    if (has_halves)
        block16(bits, count, &b);
    else
        block32(kind, bits, count, &b);
    if (count > 2)
        STAY_IN_MEMORY();
}

/* One panel; `out` at its first row of the first token. Where a block needs a second set of sums,
 * half of the tokens at a time. */
ALWAYS_INLINE void multiply_panel(enum panel_kind kind, int bits, int tokens,
                                  const struct panel *panel, const struct panel_x *x,
                                  size_t n_blocks, float *out, size_t out_stride)
{
    const int halves = kind == PANEL_OFFSET16 ? 2 : 1;
    const int part =
        tokens > 3 && (halves == 2 || bits > WHOLE_BLOCK_BITS) ? (tokens + 1) / 2 : tokens;
    struct block b = { panel->codes[0][0],
                       panel->scale[0],
                       panel->minimum[0],
                       x->q,
                       x->d,
                       halves == 2 ? x->minus16 : x->minus,
                       out,
                       out_stride };
    for (size_t i = 0; i < n_blocks; i++) {
        some_tokens(kind, bits, 0, part, &b);
        if (part < tokens)
            some_tokens(kind, bits, part, tokens - part, &b);
        b.codes += 8 * 64;
        b.scale += halves * PANEL_ROWS;
        b.minimum += halves * PANEL_ROWS;
        b.q += tokens * 32;
        b.d += tokens;
        b.minus += tokens * halves;
    }
}

#include "kernels/x86/matmul_super_avx2_impl.h"

/* panel_kernel for a constant number of tokens; how wide the codes are chooses among the ways to
 * multiply them. */
ALWAYS_INLINE void multiply(enum panel_kind kind, int tiles, int tokens, const struct panel *panels,
                            const struct panel_x *x, size_t n_blocks, int shift, float *out)
{
    const size_t stride = (size_t)tiles * PANEL_ROWS;
    for (int tile = 0; tile < tiles; tile++, panels++, out += PANEL_ROWS)
        if (kind == PANEL_OFFSET256 || kind == PANEL_MINIMUM256)
            for (size_t row = 0; row < PANEL_ROWS; row += HALF_ROWS)
                multiply_super_rows(kind, tokens, panels, row, x, n_blocks, shift, out + row,
                                    stride);
        else if (kind == PANEL_OFFSET16)
            multiply_panel(kind, 6, tokens, panels, x, n_blocks, out, stride);
        else if (shift == 3)
            multiply_panel(kind, 4, tokens, panels, x, n_blocks, out, stride);
        else if (shift == 4)
            multiply_panel(kind, 5, tokens, panels, x, n_blocks, out, stride);
        else if (kind == PANEL_OFFSET32)
            multiply_panel(kind, 8, tokens, panels, x, n_blocks, out, stride);
}

#define UNPACKER(type) panel_unpack_##type##_avx2
#define DECODERS       0
#define KERNELS_FETCH  false
#include "kernels/simd/matmul_panel_grid_impl.h"
