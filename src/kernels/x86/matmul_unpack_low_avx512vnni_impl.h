/* matmul_unpack_low_avx512vnni_impl.h: Q2_K and Q3_K to panels whose codes are multiplied by their
 * factors already, which fit a byte; included after matmul_unpack_k_impl.h.
 *
 * So a 32-block is one chain of VPDPBUSD and one FMA. The other instruction sets multiply sums by
 * factors instead: the integers are the same. */
#include "kernels/simd/matmul_low_scales_impl.h"

/* A factor times 0 to 3 is below 46: two bytes at once do not meet in VPMULLW. */
ALWAYS_INLINE void unpack_two_bits(uint8_t *codes, const uint8_t *rows, size_t row_bytes,
                                   const struct quads *scale, bool second)
{
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (unsigned block = 0; block < 4; block++) {
        int half = block % 2 * 2 + second;
        ints factor = ints_two_bytes(scale[0].at[block / 2], half, half);
        UNROLL(4)
        for (unsigned j = 0; j < 4; j++)
            ints_store(codes + (block * 8 + j) * 64,
                       _mm512_mullo_epi16(bits_of_bytes(bytes.at[j], 2 * block, 3), factor));
    }
}

void UNPACKER(Q2_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q2_k)) {
        struct low_scales scales = q2_k_scales(rows, row_bytes);
        store_minimums(&panel->minimums[i * 8], 0, &scales.minimum);
        floats_store(panel->super_scale[i],
                     row_halves(rows + offsetof(struct block_q2_k, d), row_bytes));
        floats_store(panel->super_minimum[i],
                     row_halves(rows + offsetof(struct block_q2_k, dmin), row_bytes));
        UNROLL(2)
        for (size_t run = 0; run < 2; run++) {
            struct quads scale = { { scales.scale.at[run * 2], scales.scale.at[run * 2 + 1] } };
            UNROLL(2)
            for (size_t half = 0; half < 2; half++) {
                prefetch(ahead, PANEL_ROWS * sizeof(struct block_q2_k) / 4);
                unpack_two_bits(codes_at(panel, i * 64 + run * 32 + half * 4, 0),
                                rows + offsetof(struct block_q2_k, qs) + run * 32 + half * 16,
                                row_bytes, &scale, half);
            }
        }
    }
}

/* 128 - factor * code for each code of every row: bytes 0 to 3 of each row have codes -4 to -1, or
 * 0 to 3. Not negated, 32 * 4 would not fit a signed byte. */
struct products {
    ints negative, positive;
};

/* Of the half at byte `half` of `scale`, which is the factor + 32. */
ALWAYS_INLINE struct products multiply_codes(ints scale, int half)
{
    ints twice = ints_two_bytes(scale, half, half);
    ints by_4_to_1 = _mm512_mullo_epi16(twice, _mm512_set1_epi32(0x01020304));
    ints by_0_to_3 = _mm512_mullo_epi16(twice, _mm512_set1_epi32(0x03020100));
    return (struct products){
        _mm512_add_epi8(by_4_to_1, _mm512_set1_epi32(0x60402000)),
        _mm512_sub_epi8(_mm512_set1_epi32((int)0xe0c0a080), by_0_to_3),
    };
}

/* 16 of the 32 bytes that 128 elements share; bit b of `third` belongs to 32-block b of the 256. */
ALWAYS_INLINE void unpack_three_bits(uint8_t *codes, const uint8_t *rows, size_t row_bytes,
                                     const struct quads *third, unsigned first_block,
                                     const struct quads *scale, bool second,
                                     struct panel_ahead *ahead)
{
    const ints own_table =
        _mm512_broadcast_i32x4(_mm_setr_epi32(0, 0x04040404, 0x08080808, 0x0c0c0c0c));
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (unsigned block = 0; block < 4; block++) {
        prefetch(ahead, PANEL_ROWS * sizeof(struct block_q3_k) / 16);
        unsigned b = first_block + block;
        const struct products p = multiply_codes(scale->at[b / 2], b % 2 * 2 + second);
        UNROLL(4)
        for (unsigned j = 0; j < 4; j++) {
            ints place = ints_and_or(ints_right(bytes.at[j], 2 * block), 3, own_table);
            __mmask64 positive = _mm512_test_epi8_mask(third->at[j], ints_bytes((char)(1 << b)));
            ints code = _mm512_shuffle_epi8(p.negative, place);
            code = _mm512_mask_shuffle_epi8(code, positive, p.positive, place);
            ints_store(codes + (block * 8 + j) * 64, code);
        }
    }
}

void UNPACKER(Q3_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q3_k)) {
        const uint8_t *qs = rows + offsetof(struct block_q3_k, qs);
        ints d;
        struct low_scales scales = q3_k_scales(rows, row_bytes, &d);
        floats_store(panel->super_scale[i], floats_negate(ints_low_half(d)));
        UNROLL(2)
        for (size_t half = 0; half < 2; half++) {
            struct quads third = load_quads(rows + half * 16, row_bytes);
            unpack_three_bits(codes_at(panel, i * 64 + half * 4, 0), qs + half * 16, row_bytes,
                              &third, 0, &scales.scale, half, ahead);
            unpack_three_bits(codes_at(panel, i * 64 + 32 + half * 4, 0), qs + 32 + half * 16,
                              row_bytes, &third, 4, &scales.scale, half, ahead);
        }
    }
}
