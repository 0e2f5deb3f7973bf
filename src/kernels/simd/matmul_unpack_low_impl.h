/* matmul_unpack_low_impl.h: Q2_K and Q3_K to panels whose codes are as stored and whose factors
 * stand beside them; included after matmul_unpack_k_impl.h by instruction sets without VNNI. */
#include "kernels/simd/matmul_low_scales_impl.h"

/* c of 16 halves, twice each; `zero` is subtracted from both. */
ALWAYS_INLINE void store_factors(int16_t (*out)[PANEL_ROWS][2], size_t row,
                                 const struct quads *scale, ints zero)
{
    UNROLL(16)
    for (int i = 0; i < 16; i++) {
        ints twice = ints_two_bytes(scale->at[i / 4], i % 4, i % 4);
        ints_store((uint8_t *)out[i][row], ints_subtract_halves(twice, zero));
    }
}

/* 128 elements share 32 bytes, two bits for each of four 32-blocks; here 16 of the bytes. */
ALWAYS_INLINE void unpack_two_bits(uint8_t *codes, const uint8_t *rows, size_t row_bytes)
{
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (unsigned block = 0; block < 4; block++) {
        UNROLL(4)
        for (unsigned j = 0; j < 4; j++)
            ints_store(codes + (block * 8 + j) * 64, bits_of_bytes(bytes.at[j], 2 * block, 3));
    }
}

ALWAYS_INLINE void unpack_q2_k_head(struct panel *panel, size_t i, size_t row, const uint8_t *from,
                                    size_t row_bytes)
{
    struct low_scales scales = q2_k_scales(from, row_bytes);
    store_factors(&panel->factor[i * 16], row, &scales.scale, ints_bytes(0));
    store_minimums(&panel->minimums[i * 8], row, &scales.minimum);
    floats_store(&panel->super_scale[i][row],
                 row_halves(from + offsetof(struct block_q2_k, d), row_bytes));
    floats_store(&panel->super_minimum[i][row],
                 row_halves(from + offsetof(struct block_q2_k, dmin), row_bytes));
}

void UNPACKER(Q2_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q2_k)) {
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS)
            unpack_q2_k_head(panel, i, row, rows + row * row_bytes, row_bytes);
        for (size_t part = 0; part < 4; part++) {
            prefetch(ahead, PANEL_ROWS * sizeof(struct block_q2_k) / 4);
            const uint8_t *from = rows + offsetof(struct block_q2_k, qs) + part * 16;
            for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS)
                unpack_two_bits(codes_at(panel, i * 64 + part / 2 * 32 + part % 2 * 4, row),
                                from + row * row_bytes, row_bytes);
        }
    }
}

/* Like Q2_K with a third bit: bit b of `third` belongs to 32-block b of the 256. */
ALWAYS_INLINE void unpack_three_bits(uint8_t *codes, const uint8_t *rows, size_t row_bytes,
                                     const struct quads *third, unsigned first_block)
{
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (unsigned block = 0; block < 4; block++) {
        UNROLL(4)
        for (unsigned j = 0; j < 4; j++) {
            ints low = bits_of_bytes(bytes.at[j], 2 * block, 3);
            ints high = ints_left(ints_right(third->at[j], first_block + block), 2);
            ints_store(codes + (block * 8 + j) * 64, ints_and_or(high, 4, low));
        }
    }
}

ALWAYS_INLINE void unpack_q3_k_head(struct panel *panel, size_t i, size_t row, const uint8_t *from,
                                    size_t row_bytes)
{
    ints d;
    struct low_scales scales = q3_k_scales(from, row_bytes, &d);
    const ints zero = ints_two_bytes(ints_bytes(32), 0, 0);
    store_factors(&panel->factor[i * 16], row, &scales.scale, zero);
    floats_store(&panel->super_scale[i][row], ints_low_half(d));
}

void UNPACKER(Q3_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q3_k))
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS) {
            const uint8_t *from = rows + row * row_bytes,
                          *qs = from + offsetof(struct block_q3_k, qs);
            unpack_q3_k_head(panel, i, row, from, row_bytes);
            for (size_t half = 0; half < 2; half++) {
                prefetch(ahead, VECTOR_ROWS * sizeof(struct block_q3_k) / 2);
                struct quads third = load_quads(from + half * 16, row_bytes);
                unpack_three_bits(codes_at(panel, i * 64 + half * 4, row), qs + half * 16,
                                  row_bytes, &third, 0);
                unpack_three_bits(codes_at(panel, i * 64 + 32 + half * 4, row), qs + 32 + half * 16,
                                  row_bytes, &third, 4);
            }
        }
}
