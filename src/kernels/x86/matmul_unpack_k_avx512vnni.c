/* Blocks of 256 to panels: Q2_K to Q6_K. Scales, too, are transposed while packed and taken apart
 * for 16 rows at once. */
#include "kernels/x86/matmul_unpack_avx512vnni.h"

#include "quant/block.h"

/* One number of every row. */
ALWAYS_INLINE __m512 row_halves(const uint8_t *from, size_t row_bytes)
{
    struct halves halves;
    load_halves(&halves, from, row_bytes, 0, 1);
    return halves_of(&halves, 0);
}

ALWAYS_INLINE __m512i row_words(const uint8_t *from, size_t row_bytes)
{
    struct words words;
    load_words(&words, from, row_bytes, 0, 1);
    return words_of(&words, 0);
}

/* Byte j (0 to 3) of every row's 32 bits, as a number. */
ALWAYS_INLINE __m512 unsigned_byte(__m512i words, unsigned j)
{
    return _mm512_cvtepi32_ps(
        _mm512_and_si512(_mm512_srli_epi32(words, 8 * j), _mm512_set1_epi32(255)));
}

ALWAYS_INLINE __m512 signed_byte(__m512i words, unsigned j)
{
    return _mm512_cvtepi32_ps(_mm512_srai_epi32(_mm512_slli_epi32(words, 24 - 8 * j), 24));
}

/* factor * byte for the four bytes of every row's 32 bits */
ALWAYS_INLINE void store_scales(float (*out)[PANEL_ROWS], __m512i words, __m512 factor)
{
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++)
        _mm512_store_ps(out[j], _mm512_mul_ps(factor, unsigned_byte(words, j)));
}

ALWAYS_INLINE void store_signed_scales(float (*out)[PANEL_ROWS], __m512i words, __m512 factor)
{
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++)
        _mm512_store_ps(out[j], _mm512_mul_ps(factor, signed_byte(words, j)));
}

/* The head that Q4_K and Q5_K share: d, dmin, then 8 scales and 8 minimums of 6 bits in 12 bytes.
 */
ALWAYS_INLINE void unpack_scales(struct panel *panel, size_t at, const uint8_t *rows,
                                 size_t row_bytes)
{
    struct quads head = load_quads(rows, row_bytes);
    const __m512i six = _mm512_set1_epi8(63), upper = _mm512_set1_epi8(0x30);
    __m512i first = head.at[1], second = head.at[2], nibbles = head.at[3];
    __m512i high_scales = _mm512_and_si512(_mm512_srli_epi32(first, 2), upper);
    __m512i high_minimums = _mm512_and_si512(_mm512_srli_epi32(second, 2), upper);
    __m512 d = low_half(head.at[0]), dmin = high_half(head.at[0]);
    store_scales(&panel->scale[at], _mm512_and_si512(first, six), d);
    store_scales(&panel->scale[at + 4], and_or(nibbles, 15, high_scales), d);
    store_scales(&panel->minimum[at], _mm512_and_si512(second, six), dmin);
    store_scales(&panel->minimum[at + 4], and_or(_mm512_srli_epi32(nibbles, 4), 15, high_minimums),
                 dmin);
}

void panel_unpack_Q4_K_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q4_k)) {
        unpack_scales(panel, i * 8, rows, row_bytes);
        for (size_t part = 0; part < 8; part++) { /* 16 bytes: half of two 32-blocks */
            prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q4_k) / 8);
            struct quads bytes =
                load_quads(rows + offsetof(struct block_q4_k, qs) + part * 16, row_bytes);
            uint8_t *codes = panel->codes[i * 64 + part / 2 * 16 + part % 2 * 4][0];
            UNROLL(4)
            for (int j = 0; j < 4; j++) {
                _mm512_store_si512(codes + j * 64, low_nibbles(bytes.at[j]));
                _mm512_store_si512(codes + (8 + j) * 64, high_nibbles(bytes.at[j]));
            }
        }
    }
}

void panel_unpack_Q5_K_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q5_k)) {
        unpack_scales(panel, i * 8, rows, row_bytes);
        for (size_t half = 0; half < 2; half++) {
            struct quads fifth =
                load_quads(rows + offsetof(struct block_q5_k, qh) + half * 16, row_bytes);
            for (size_t pair = 0; pair < 4; pair++) { /* two 32-blocks share 32 bytes */
                prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q5_k) / 8);
                struct quads bytes = load_quads(
                    rows + offsetof(struct block_q5_k, qs) + pair * 32 + half * 16, row_bytes);
                uint8_t *codes = panel->codes[i * 64 + pair * 16 + half * 4][0];
                UNROLL(4)
                for (int j = 0; j < 4; j++) {
                    __m512i bits = fifth.at[j]; /* bits 0 and 1 of each byte belong to this pair */
                    __m512i low =
                        _mm512_and_si512(_mm512_slli_epi32(bits, 4), _mm512_set1_epi8(16));
                    __m512i high =
                        _mm512_and_si512(_mm512_slli_epi32(bits, 3), _mm512_set1_epi8(16));
                    _mm512_store_si512(codes + j * 64, and_or(bytes.at[j], 15, low));
                    _mm512_store_si512(codes + (8 + j) * 64,
                                       and_or(_mm512_srli_epi32(bytes.at[j], 4), 15, high));
                    fifth.at[j] = _mm512_srli_epi32(bits, 2);
                }
            }
        }
    }
}

/* 128 elements: low nibbles of ql[0..63] for the first two 32-blocks, high ones for the others;
 * qh[0..31] holds the two upper bits of all four. `part` is the half of the 32 bytes. */
ALWAYS_INLINE void unpack_q6_k_part(uint8_t *codes, const uint8_t *ql, const uint8_t *qh,
                                    size_t row_bytes)
{
    struct quads a = load_quads(ql, row_bytes), b = load_quads(ql + 32, row_bytes),
                 h = load_quads(qh, row_bytes);
    const __m512i upper = _mm512_set1_epi8(0x30);
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        __m512i h0 = _mm512_and_si512(_mm512_slli_epi32(h.at[j], 4), upper);
        __m512i h1 = _mm512_and_si512(_mm512_slli_epi32(h.at[j], 2), upper);
        __m512i h2 = _mm512_and_si512(h.at[j], upper);
        __m512i h3 = _mm512_and_si512(_mm512_srli_epi32(h.at[j], 2), upper);
        _mm512_store_si512(codes + j * 64, and_or(a.at[j], 15, h0));
        _mm512_store_si512(codes + (8 + j) * 64, and_or(b.at[j], 15, h1));
        _mm512_store_si512(codes + (16 + j) * 64, and_or(_mm512_srli_epi32(a.at[j], 4), 15, h2));
        _mm512_store_si512(codes + (24 + j) * 64, and_or(_mm512_srli_epi32(b.at[j], 4), 15, h3));
    }
}

void panel_unpack_Q6_K_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q6_k)) {
        struct quads scales = load_quads(rows + offsetof(struct block_q6_k, scales), row_bytes);
        __m512 d = row_halves(rows + offsetof(struct block_q6_k, d), row_bytes);
        UNROLL(4)
        for (size_t j = 0; j < 4; j++)
            store_signed_scales(&panel->scale[i * 16 + j * 4], scales.at[j], d);
        for (size_t part = 0; part < 4; part++) {
            prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q6_k) / 4);
            size_t run = part / 2, half = part % 2;
            unpack_q6_k_part(panel->codes[i * 64 + run * 32 + half * 4][0],
                             rows + offsetof(struct block_q6_k, ql) + run * 64 + half * 16,
                             rows + offsetof(struct block_q6_k, qh) + run * 32 + half * 16,
                             row_bytes);
        }
    }
}

/* 128 elements share 32 bytes, two bits for each 32-block. */
void panel_unpack_Q2_K_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    const __m512i two_bits = _mm512_set1_epi8(3);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q2_k)) {
        struct quads scales = load_quads(rows, row_bytes);
        __m512i factors = row_words(rows + offsetof(struct block_q2_k, d), row_bytes);
        UNROLL(4)
        for (size_t j = 0; j < 4; j++) {
            store_scales(&panel->scale[i * 16 + j * 4], low_nibbles(scales.at[j]),
                         low_half(factors));
            store_scales(&panel->minimum[i * 16 + j * 4], high_nibbles(scales.at[j]),
                         high_half(factors));
        }
        for (size_t part = 0; part < 4; part++) {
            prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q2_k) / 4);
            struct quads bytes =
                load_quads(rows + offsetof(struct block_q2_k, qs) + part * 16, row_bytes);
            uint8_t *codes = panel->codes[i * 64 + part / 2 * 32 + part % 2 * 4][0];
            UNROLL(4)
            for (unsigned block = 0; block < 4; block++)
                UNROLL(4)
            for (unsigned j = 0; j < 4; j++)
                _mm512_store_si512(
                    codes + (block * 8 + j) * 64,
                    _mm512_and_si512(_mm512_srli_epi32(bytes.at[j], 2 * block), two_bits));
        }
    }
}

/* 16 scales of 6 bits, minus 32: low nibbles in bytes 0 to 7 (low, then high), upper pairs of bits
 * in bytes 8 to 11. */
ALWAYS_INLINE void unpack_q3_k_scales(float (*out)[PANEL_ROWS], const uint8_t *rows,
                                      size_t row_bytes)
{
    /* The block's last 16 bytes: two of codes, 12 of scales, d. */
    struct quads tail = load_quads(rows + sizeof(struct block_q3_k) - 16, row_bytes);
    __m512 d = high_half(tail.at[3]);
    __m512i low[2], upper;
    low[0] = _mm512_or_si512(_mm512_srli_epi32(tail.at[0], 16), _mm512_slli_epi32(tail.at[1], 16));
    low[1] = _mm512_or_si512(_mm512_srli_epi32(tail.at[1], 16), _mm512_slli_epi32(tail.at[2], 16));
    upper = _mm512_or_si512(_mm512_srli_epi32(tail.at[2], 16), _mm512_slli_epi32(tail.at[3], 16));
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++) {
        __m512i nibbles = j < 2 ? low_nibbles(low[j]) : high_nibbles(low[j - 2]);
        __m512i bits = _mm512_and_si512(_mm512_srli_epi32(upper, 2 * j), _mm512_set1_epi8(3));
        __m512i scales = _mm512_or_si512(nibbles, _mm512_slli_epi32(bits, 4));
        store_signed_scales(&out[j * 4], _mm512_sub_epi8(scales, _mm512_set1_epi8(32)), d);
    }
}

/* Like Q2_K with the third bit in hmask: bit b of its 32 bytes belongs to 32-block b. */
void panel_unpack_Q3_K_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    const __m512i two_bits = _mm512_set1_epi8(3);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q3_k)) {
        unpack_q3_k_scales(&panel->scale[i * 16], rows, row_bytes);
        for (size_t half = 0; half < 2; half++) {
            struct quads third = load_quads(rows + half * 16, row_bytes);
            for (unsigned run = 0; run < 2; run++) {
                prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q3_k) / 4);
                struct quads bytes = load_quads(
                    rows + offsetof(struct block_q3_k, qs) + run * 32 + half * 16, row_bytes);
                UNROLL(4)
                for (unsigned block = 0; block < 4; block++)
                    UNROLL(4)
                for (unsigned j = 0; j < 4; j++) {
                    __m512i low =
                        _mm512_and_si512(_mm512_srli_epi32(bytes.at[j], 2 * block), two_bits);
                    __m512i high =
                        _mm512_slli_epi32(_mm512_srli_epi32(third.at[j], run * 4 + block), 2);
                    _mm512_store_si512(panel->codes[i * 64 + (run * 4 + block) * 8 + half * 4 + j],
                                       and_or(high, 4, low));
                }
            }
        }
    }
}
