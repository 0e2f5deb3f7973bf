/* One token times 16 rows of Q2_K and Q3_K without a panel: codes go from their packed bytes into
 * VPDPBUSD.
 *
 * They are not even moved to the lowest bits: the sum of a half is shifted instead, which is exact.
 * Sums of a half fit 16 bits, so VPDPWSSD multiplies them by the half's factor. */
#include "kernels/x86/matmul_avx512vnni.h"
#include "kernels/x86/matmul_ints_avx512vnni.h"

#include "kernels/simd/matmul_low_scales_impl.h"

/* The negated sums of the activations of a super-block's halves, in pairs of 16-bit numbers. */
struct sum_pairs {
    _Alignas(32) int32_t at[8];
};

ALWAYS_INLINE void pack_sums(struct sum_pairs *out, const int32_t *minus16, int shift)
{
    __m512i sums = _mm512_slli_epi32(_mm512_loadu_si512(minus16), (unsigned)shift);
    _mm256_store_si256((__m256i *)out->at, _mm512_cvtepi32_epi16(sums));
}

/* Sums of 16 products of a half. */
ALWAYS_INLINE ints dot_half(const struct quads *codes, const int8_t *q)
{
    ints sum = _mm512_setzero_si512();
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        int32_t quad;
        memcpy(&quad, q + j * 4, sizeof quad);
        sum = _mm512_dpbusd_epi32(sum, codes->at[j], _mm512_set1_epi32(quad));
    }
    return sum;
}

/* start + first * its factor + second * its factor, for sums below 2^15 */
ALWAYS_INLINE ints add_halves(ints start, ints first, ints second, ints factors)
{
    ints sum = _mm512_dpwssd_epi32(start, first, ints_and(factors, _mm512_set1_epi32(0xffff)));
    return _mm512_dpwssd_epi32(sum, second, ints_right(factors, 16));
}

/* v + (float)i * d */
ALWAYS_INLINE floats add_integers(floats v, ints i, float d)
{
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(i), _mm512_set1_ps(d), v);
}

/* Both halves' numbers of 32-block `block` of eight. */
ALWAYS_INLINE ints pair_of_block(const struct quads *bytes, int block)
{
    return ints_two_bytes(bytes->at[block / 2], block % 2 * 2, block % 2 * 2 + 1);
}

/* Where a 32-block's codes lie in the bytes that four of them share. */
ALWAYS_INLINE struct quads two_bits(const struct quads *bytes, int block)
{
    struct quads codes;
    UNROLL(4)
    for (int j = 0; j < 4; j++)
        codes.at[j] = ints_and(bytes->at[j], ints_bytes((char)(3 << 2 * block)));
    return codes;
}

/* Four 32-blocks of Q2_K. */
ALWAYS_INLINE floats add_q2_k_run(floats v, const uint8_t *rows, size_t row_bytes, int run,
                                  const struct quads *scale, const struct panel_x *x,
                                  struct panel_ahead *ahead)
{
    const uint8_t *qs = rows + offsetof(struct block_q2_k, qs) + run * 32;
    const struct quads first = load_quads(qs, row_bytes), second = load_quads(qs + 16, row_bytes);
    UNROLL(4)
    for (int block = 0; block < 4; block++) {
        prefetch(ahead, PANEL_ROWS * sizeof(struct block_q2_k) / 8);
        const struct quads a = two_bits(&first, block), b = two_bits(&second, block);
        const int8_t *q = x->q + (run * 4 + block) * 32;
        const unsigned shift = 2 * (unsigned)block;
        ints i = add_halves(_mm512_setzero_si512(), ints_right_signed(dot_half(&a, q), shift),
                            ints_right_signed(dot_half(&b, q + 16), shift),
                            pair_of_block(scale, run * 4 + block));
        v = add_integers(v, i, x->d[run * 4 + block]);
    }
    return v;
}

ALWAYS_INLINE floats add_q2_k(floats acc, const uint8_t *rows, size_t row_bytes,
                              const struct panel_x *x, struct panel_ahead *ahead)
{
    const ints factors = row_words(rows + offsetof(struct block_q2_k, d), row_bytes);
    const struct low_scales scales = q2_k_scales(rows, row_bytes);
    struct sum_pairs sums;
    pack_sums(&sums, x->minus16, 0);
    floats u = _mm512_setzero_ps(), v = _mm512_setzero_ps();
    UNROLL(8)
    for (int block = 0; block < 8; block++) {
        ints sum = _mm512_madd_epi16(pair_of_block(&scales.minimum, block),
                                     _mm512_set1_epi32(sums.at[block]));
        u = add_integers(u, sum, x->d[block]);
    }
    UNROLL(2)
    for (int run = 0; run < 2; run++)
        v = add_q2_k_run(v, rows, row_bytes, run, &scales.scale, x, ahead);
    acc = _mm512_fmadd_ps(u, ints_low_half(ints_right(factors, 16)), acc);
    return _mm512_fmadd_ps(v, ints_low_half(factors), acc);
}

/* Three bits each, from bit `place` on: a third bit from bit `from` of its bytes stands above two.
 */
ALWAYS_INLINE struct quads three_bits(const struct quads *bytes, const struct quads *third,
                                      int block, int place, int from)
{
    const ints low = ints_bytes((char)(3 << place)), all = ints_bytes((char)(7 << place));
    const int left = place + 2 - from;
    struct quads codes;
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        ints two = ints_right(bytes->at[j], (unsigned)(2 * block - place));
        ints one = left < 0 ? ints_right(third->at[j], (unsigned)-left)
                            : ints_left(third->at[j], (unsigned)left);
        codes.at[j] = ints_and(_mm512_ternarylogic_epi32(low, two, one, 0xCA), all);
    }
    return codes;
}

/* Four 32-blocks of Q3_K. */
ALWAYS_INLINE floats add_q3_k_run(floats v, const uint8_t *rows, size_t row_bytes, int run,
                                  const struct quads third[2], const struct quads *scale,
                                  const struct sum_pairs *sums, const struct panel_x *x,
                                  struct panel_ahead *ahead)
{
    const uint8_t *qs = rows + offsetof(struct block_q3_k, qs) + run * 32;
    const struct quads first = load_quads(qs, row_bytes), second = load_quads(qs + 16, row_bytes);
    const ints zero = _mm512_set1_epi16(32);
    UNROLL(4)
    for (int block = 0; block < 4; block++) {
        prefetch(ahead, PANEL_ROWS * sizeof(struct block_q3_k) / 8);
        const int b = run * 4 + block, place = block < 3 ? 2 * block : 5;
        const struct quads lower = three_bits(&first, &third[0], block, place, b),
                           upper = three_bits(&second, &third[1], block, place, b);
        const int8_t *q = x->q + b * 32;
        ints factors = ints_subtract_halves(pair_of_block(scale, b), zero);
        ints start = _mm512_madd_epi16(factors, _mm512_set1_epi32(sums->at[b]));
        ints i = add_halves(start, ints_right_signed(dot_half(&lower, q), (unsigned)place),
                            ints_right_signed(dot_half(&upper, q + 16), (unsigned)place), factors);
        v = add_integers(v, i, x->d[b]);
    }
    return v;
}

ALWAYS_INLINE floats add_q3_k(floats acc, const uint8_t *rows, size_t row_bytes,
                              const struct panel_x *x, struct panel_ahead *ahead)
{
    struct sum_pairs sums;
    pack_sums(&sums, x->minus16, 2); /* codes are below 8, their zero is 4 */
    ints d;
    const struct low_scales scales = q3_k_scales(rows, row_bytes, &d);
    const struct quads third[2] = { load_quads(rows, row_bytes), load_quads(rows + 16, row_bytes) };
    floats v = _mm512_setzero_ps();
    UNROLL(2)
    for (int run = 0; run < 2; run++)
        v = add_q3_k_run(v, rows, row_bytes, run, third, &scales.scale, &sums, x, ahead);
    return _mm512_fmadd_ps(v, ints_low_half(d), acc);
}

ALWAYS_INLINE void next_super(struct panel_x *x)
{
    x->q += 256;
    x->d += 8;
    x->minus16 += 16;
}

#define DECODER(type, block_type, add)                                                             \
    void panel_decode_##type##_avx512vnni(const uint8_t *rows, size_t row_bytes, size_t n_blocks,  \
                                          struct panel_x x, float *out, struct panel_ahead *ahead) \
    {                                                                                              \
        floats acc = _mm512_load_ps(out);                                                          \
        for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_type)) {                 \
            acc = add(acc, rows, row_bytes, &x, ahead);                                            \
            next_super(&x);                                                                        \
        }                                                                                          \
        _mm512_store_ps(out, acc);                                                                 \
    }
DECODER(Q2_K, block_q2_k, add_q2_k)
DECODER(Q3_K, block_q3_k, add_q3_k)
