/* matmul_unpack_impl.h: blocks of 32 to panels: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0; included by one file
 * an instruction set, after its matmul_ints_*.h.
 *
 * Bytes of codes are transposed while they are still packed: one transposition of 16 bytes a row
 * serves 32 codes a row. UNPACKER(type) names the function, SIGN_OF_8 is what the codes of Q8_0 are
 * xored with. */
#include "quant/block.h"

/* Where a row's part of the panel begins. */
ALWAYS_INLINE uint8_t *codes_at(struct panel *panel, size_t quad, size_t row)
{
    return panel->codes[quad][row];
}

ALWAYS_INLINE floats ints_high_half(ints words)
{
    return ints_low_half(ints_right(words, 16));
}

ALWAYS_INLINE ints low_nibbles(ints bytes)
{
    return ints_and(bytes, ints_bytes(15));
}

ALWAYS_INLINE ints high_nibbles(ints bytes)
{
    return low_nibbles(ints_right(bytes, 4));
}

/* 16 bytes hold elements i (low nibble) and i + 16 (high nibble). */
ALWAYS_INLINE void unpack_nibbles(uint8_t *codes, const uint8_t *rows, size_t row_bytes)
{
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        ints_store(codes + j * 64, low_nibbles(bytes.at[j]));
        ints_store(codes + (4 + j) * 64, high_nibbles(bytes.at[j]));
    }
}

/* The same with a fifth bit: bit i of `fifth` belongs to element i. */
ALWAYS_INLINE void unpack_five_bits(uint8_t *codes, const uint8_t *rows, size_t row_bytes,
                                    ints fifth)
{
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++) {
        ints_store(codes + j * 64, ints_and_or(bytes.at[j], 15, ints_fifth_bits(fifth, j)));
        ints_store(codes + (4 + j) * 64,
                   ints_and_or(ints_right(bytes.at[j], 4), 15, ints_fifth_bits(fifth, 4 + j)));
    }
}

/* Scale and minimum side by side: Q4_1 and Q5_1. */
ALWAYS_INLINE void store_scale_and_minimum(struct panel *panel, size_t i, size_t row,
                                           const struct words *heads)
{
    ints head = ints_load(&heads->at[i][row]);
    floats_store(&panel->scale[i][row], ints_low_half(head));
    floats_store(&panel->minimum[i][row], floats_negate(ints_high_half(head)));
}

void UNPACKER(Q4_0)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    const size_t codes = offsetof(struct block_q4_0, qs);
    struct halves scales;
    gather_halves(&scales, rows, row_bytes, sizeof(struct block_q4_0), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q4_0)) {
        prefetch(ahead, PANEL_ROWS * sizeof(struct block_q4_0));
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS) {
            unpack_nibbles(codes_at(panel, i * 8, row), rows + row * row_bytes + codes, row_bytes);
            floats_store(&panel->scale[i][row], floats_halves(&scales.at[i][row]));
        }
    }
}

void UNPACKER(Q4_1)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    const size_t codes = offsetof(struct block_q4_1, qs);
    struct words heads;
    gather_words(&heads, rows, row_bytes, sizeof(struct block_q4_1), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q4_1)) {
        prefetch(ahead, PANEL_ROWS * sizeof(struct block_q4_1));
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS) {
            unpack_nibbles(codes_at(panel, i * 8, row), rows + row * row_bytes + codes, row_bytes);
            store_scale_and_minimum(panel, i, row, &heads);
        }
    }
}

void UNPACKER(Q5_0)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    const size_t codes = offsetof(struct block_q5_0, qs), upper = offsetof(struct block_q5_0, qh);
    struct halves scales;
    struct words fifth;
    gather_halves(&scales, rows, row_bytes, sizeof(struct block_q5_0), n_blocks);
    gather_words(&fifth, rows + upper, row_bytes, sizeof(struct block_q5_0), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q5_0)) {
        prefetch(ahead, PANEL_ROWS * sizeof(struct block_q5_0));
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS) {
            unpack_five_bits(codes_at(panel, i * 8, row), rows + row * row_bytes + codes, row_bytes,
                             ints_load(&fifth.at[i][row]));
            floats_store(&panel->scale[i][row], floats_halves(&scales.at[i][row]));
        }
    }
}

void UNPACKER(Q5_1)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    const size_t codes = offsetof(struct block_q5_1, qs), upper = offsetof(struct block_q5_1, qh);
    struct words heads, fifth;
    gather_words(&heads, rows, row_bytes, sizeof(struct block_q5_1), n_blocks);
    gather_words(&fifth, rows + upper, row_bytes, sizeof(struct block_q5_1), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q5_1)) {
        prefetch(ahead, PANEL_ROWS * sizeof(struct block_q5_1));
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS) {
            unpack_five_bits(codes_at(panel, i * 8, row), rows + row * row_bytes + codes, row_bytes,
                             ints_load(&fifth.at[i][row]));
            store_scale_and_minimum(panel, i, row, &heads);
        }
    }
}

ALWAYS_INLINE void unpack_bytes(uint8_t *codes, const uint8_t *rows, size_t row_bytes)
{
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (int j = 0; j < 4; j++)
        ints_store(codes + j * 64, ints_xor(bytes.at[j], ints_bytes(SIGN_OF_8)));
}

void UNPACKER(Q8_0)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    const size_t codes = offsetof(struct block_q8_0, qs);
    struct halves scales;
    gather_halves(&scales, rows, row_bytes, sizeof(struct block_q8_0), n_blocks);
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q8_0)) {
        prefetch(ahead, PANEL_ROWS * sizeof(struct block_q8_0));
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS) {
            const uint8_t *from = rows + row * row_bytes + codes;
            unpack_bytes(codes_at(panel, i * 8, row), from, row_bytes);
            unpack_bytes(codes_at(panel, i * 8 + 4, row), from + 16, row_bytes);
            floats_store(&panel->scale[i][row], floats_halves(&scales.at[i][row]));
        }
    }
}
