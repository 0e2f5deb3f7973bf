/* Blocks of 32 to panels: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0. Bytes of codes are transposed while they
 * are still packed: one transposition of 16 x 16 bytes serves 32 codes a row. */
#include "kernels/x86/matmul_unpack_avx512vnni.h"

#include "quant/block.h"

/* A block's bytes are codes of elements i (low nibble) and i + 16 (high nibble). */
ALWAYS_INLINE void store_nibbles(uint8_t *codes, const struct quads *bytes)
{
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        _mm512_store_si512(codes + j * 64, low_nibbles(bytes->at[j]));
        _mm512_store_si512(codes + (4 + j) * 64, high_nibbles(bytes->at[j]));
    }
}

/* Bit 4 of four bytes from each of the numbers 0 to 15. */
ALWAYS_INLINE __m512i spread_table(void)
{
    const __m512i numbers = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    __m512i spread = _mm512_slli_epi32(_mm512_and_si512(numbers, _mm512_set1_epi32(1)), 4);
    UNROLL(4)
    for (int bit = 1; bit < 4; bit++) {
        __m512i one =
            _mm512_and_si512(_mm512_srli_epi32(numbers, (unsigned)bit), _mm512_set1_epi32(1));
        spread = _mm512_or_si512(spread, _mm512_slli_epi32(one, (unsigned)(8 * bit + 4)));
    }
    return spread;
}

/* Like store_nibbles; bit i of `fifth` belongs to element i. */
ALWAYS_INLINE void store_five_bits(uint8_t *codes, const struct quads *bytes, __m512i fifth,
                                   __m512i table)
{
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++) {
        __m512i low = _mm512_permutexvar_epi32(_mm512_srli_epi32(fifth, 4 * j), table);
        __m512i high = _mm512_permutexvar_epi32(_mm512_srli_epi32(fifth, 16 + 4 * j), table);
        _mm512_store_si512(codes + j * 64, and_or(bytes->at[j], 15, low));
        _mm512_store_si512(codes + (4 + j) * 64,
                           and_or(_mm512_srli_epi32(bytes->at[j], 4), 15, high));
    }
}

void panel_unpack_Q4_0_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    struct halves scales;
    load_halves(&scales, rows, row_bytes, sizeof(struct block_q4_0), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q4_0)) {
        prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q4_0));
        struct quads bytes = load_quads(rows + offsetof(struct block_q4_0, qs), row_bytes);
        store_nibbles(panel->codes[i * 8][0], &bytes);
        _mm512_store_ps(panel->scale[i], halves_of(&scales, i));
    }
}

void panel_unpack_Q4_1_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    struct words heads;
    load_words(&heads, rows, row_bytes, sizeof(struct block_q4_1), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q4_1)) {
        prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q4_1));
        struct quads bytes = load_quads(rows + offsetof(struct block_q4_1, qs), row_bytes);
        __m512i scales = words_of(&heads, i);
        store_nibbles(panel->codes[i * 8][0], &bytes);
        _mm512_store_ps(panel->scale[i], low_half(scales));
        _mm512_store_ps(panel->minimum[i], negate(high_half(scales)));
    }
}

void panel_unpack_Q5_0_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    const __m512i table = spread_table();
    struct halves scales;
    load_halves(&scales, rows, row_bytes, sizeof(struct block_q5_0), n_blocks);
    struct words fifths;
    load_words(&fifths, rows + offsetof(struct block_q5_0, qh), row_bytes,
               sizeof(struct block_q5_0), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q5_0)) {
        prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q5_0));
        struct quads bytes = load_quads(rows + offsetof(struct block_q5_0, qs), row_bytes);
        __m512i fifth = words_of(&fifths, i);
        store_five_bits(panel->codes[i * 8][0], &bytes, fifth, table);
        _mm512_store_ps(panel->scale[i], halves_of(&scales, i));
    }
}

void panel_unpack_Q5_1_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    const __m512i table = spread_table();
    struct words heads;
    load_words(&heads, rows, row_bytes, sizeof(struct block_q5_1), n_blocks);
    struct words fifths;
    load_words(&fifths, rows + offsetof(struct block_q5_1, qh), row_bytes,
               sizeof(struct block_q5_1), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q5_1)) {
        prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q5_1));
        struct quads bytes = load_quads(rows + offsetof(struct block_q5_1, qs), row_bytes);
        __m512i fifth = words_of(&fifths, i);
        __m512i scales = words_of(&heads, i);
        store_five_bits(panel->codes[i * 8][0], &bytes, fifth, table);
        _mm512_store_ps(panel->scale[i], low_half(scales));
        _mm512_store_ps(panel->minimum[i], negate(high_half(scales)));
    }
}

void panel_unpack_Q8_0_avx512vnni(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                                  size_t n_blocks, const uint8_t *ahead)
{
    const __m512i sign = _mm512_set1_epi8((char)0x80);
    struct halves scales;
    load_halves(&scales, rows, row_bytes, sizeof(struct block_q8_0), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q8_0)) {
        prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q8_0));
        UNROLL(2)
        for (size_t half = 0; half < 2; half++) {
            struct quads bytes =
                load_quads(rows + offsetof(struct block_q8_0, qs) + half * 16, row_bytes);
            UNROLL(4)
            for (size_t j = 0; j < 4; j++)
                _mm512_store_si512(panel->codes[i * 8 + half * 4 + j],
                                   _mm512_xor_si512(bytes.at[j], sign));
        }
        _mm512_store_ps(panel->scale[i], halves_of(&scales, i));
    }
}
