/* matmul_low_scales_impl.h: the small integers of Q2_K and Q3_K; private to their unpackers.
 *
 * Owns where the scales and minimums of 16 elements each lie in a block of 256. Included after a
 * matmul_ints_*.h. */

#include "quant/block.h"

/* Bytes 4j..4j+3 of every row are those of elements 64j to 64j + 63. */
struct low_scales {
    struct quads scale, minimum; /* of Q3_K: scale + 32, no minimums */
};

/* Four bytes of every row. */
ALWAYS_INLINE ints row_words(const uint8_t *from, size_t row_bytes)
{
    _Alignas(64) uint32_t words[VECTOR_ROWS];
    UNROLL(16)
    for (size_t r = 0; r < VECTOR_ROWS; r++)
        memcpy(&words[r], from + r * row_bytes, sizeof words[r]);
    return ints_load(words);
}

ALWAYS_INLINE ints bits_of_bytes(ints bytes, unsigned from, char mask)
{
    return ints_and(ints_right(bytes, from), ints_bytes(mask));
}

/* Low nibbles are scales, high ones minimums. */
ALWAYS_INLINE struct low_scales q2_k_scales(const uint8_t *rows, size_t row_bytes)
{
    struct quads both = load_quads(rows + offsetof(struct block_q2_k, scales), row_bytes);
    struct low_scales out;
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        out.scale.at[j] = bits_of_bytes(both.at[j], 0, 15);
        out.minimum.at[j] = bits_of_bytes(both.at[j], 4, 15);
    }
    return out;
}

/* The last 16 bytes of Q3_K: two of codes, 12 of scales, d. The scales' low nibbles are in their
 * bytes 0 to 7 (low ones first, then high ones), upper pairs of bits in bytes 8 to 11. */
ALWAYS_INLINE struct low_scales q3_k_scales(const uint8_t *rows, size_t row_bytes, ints *d)
{
    struct quads tail = load_quads(rows + sizeof(struct block_q3_k) - 16, row_bytes);
    ints low[3];
    UNROLL(3)
    for (int j = 0; j < 3; j++)
        low[j] = ints_or(ints_right(tail.at[j], 16), ints_left(tail.at[j + 1], 16));
    struct low_scales out;
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++) {
        ints pair = bits_of_bytes(low[2], 2 * j, 3);
        ints nibbles = ints_right(low[j % 2], j / 2 * 4);
        out.scale.at[j] = ints_and_or(nibbles, 15, ints_left(pair, 4));
    }
    *d = ints_right(tail.at[3], 16);
    return out;
}

/* n of the halves of eight 32-blocks. */
ALWAYS_INLINE void store_minimums(int16_t (*out)[PANEL_ROWS][2], size_t row,
                                  const struct quads *minimum)
{
    UNROLL(8)
    for (int i = 0; i < 8; i++)
        ints_store((uint8_t *)out[i][row],
                   ints_two_bytes(minimum->at[i / 2], i % 2 * 2, i % 2 * 2 + 1));
}
