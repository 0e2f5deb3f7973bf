/* matmul_unpack_k_impl.h: blocks of 256 to panels: Q4_K to Q6_K; included after
 * matmul_unpack_impl.h.
 *
 * Scales, too, are transposed while they are packed and taken apart for all rows at once. */

/* One number of every row. */
ALWAYS_INLINE floats row_halves(const uint8_t *from, size_t row_bytes)
{
    _Alignas(32) uint16_t halves[VECTOR_ROWS];
    UNROLL(16)
    for (size_t r = 0; r < VECTOR_ROWS; r++)
        memcpy(&halves[r], from + r * row_bytes, sizeof halves[r]);
    return floats_halves(halves);
}

/* factor * byte for the four bytes of every row, to four rows of scales */
ALWAYS_INLINE void store_scales(float *out, ints bytes, floats factor)
{
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++) {
        ints byte = ints_right(ints_left(bytes, 24 - 8 * j), 24);
        floats_store(out + j * PANEL_ROWS, floats_multiply(factor, ints_to_floats(byte)));
    }
}

ALWAYS_INLINE void store_signed_scales(float *out, ints bytes, floats factor)
{
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++) {
        ints byte = ints_right_signed(ints_left(bytes, 24 - 8 * j), 24);
        floats_store(out + j * PANEL_ROWS, floats_multiply(factor, ints_to_floats(byte)));
    }
}

/* The head that Q4_K and Q5_K share: d, dmin, then 8 scales and 8 minimums of 6 bits in 12 bytes.
 */
ALWAYS_INLINE void unpack_head(float *scale, float *minimum, const uint8_t *rows, size_t row_bytes)
{
    struct quads head = load_quads(rows, row_bytes);
    ints first = head.at[1], second = head.at[2], nibbles = head.at[3];
    ints high_scales = ints_and(ints_right(first, 2), ints_bytes(0x30));
    ints high_minimums = ints_and(ints_right(second, 2), ints_bytes(0x30));
    floats d = ints_low_half(head.at[0]), dmin = ints_high_half(head.at[0]);
    store_scales(scale, ints_and(first, ints_bytes(63)), d);
    store_scales(scale + 4 * PANEL_ROWS, ints_and_or(nibbles, 15, high_scales), d);
    store_scales(minimum, ints_and(second, ints_bytes(63)), dmin);
    store_scales(minimum + 4 * PANEL_ROWS, ints_and_or(ints_right(nibbles, 4), 15, high_minimums),
                 dmin);
}

/* Q4_K: 32 bytes hold two 32-blocks; here 16 of them, half of each. */
ALWAYS_INLINE void unpack_two_halves(uint8_t *codes, const uint8_t *rows, size_t row_bytes)
{
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        ints_store(codes + j * 64, low_nibbles(bytes.at[j]));
        ints_store(codes + (8 + j) * 64, high_nibbles(bytes.at[j]));
    }
}

void UNPACKER(Q4_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q4_k)) {
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS)
            unpack_head(&panel->scale[i * 8][row], &panel->minimum[i * 8][row],
                        rows + row * row_bytes, row_bytes);
        for (size_t part = 0; part < 8; part++) {
            prefetch(ahead, PANEL_ROWS * sizeof(struct block_q4_k) / 8);
            size_t quad = i * 64 + part / 2 * 16 + part % 2 * 4;
            const uint8_t *from = rows + offsetof(struct block_q4_k, qs) + part * 16;
            for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS)
                unpack_two_halves(codes_at(panel, quad, row), from + row * row_bytes, row_bytes);
        }
    }
}

/* Q5_K: the same with the fifth bits of all eight 32-blocks in 32 bytes; `half` is which 16 of
 * them. */
ALWAYS_INLINE void unpack_q5_k_half(uint8_t *codes, const uint8_t *rows, size_t row_bytes,
                                    struct panel_ahead *ahead)
{
    struct quads fifth = load_quads(rows + offsetof(struct block_q5_k, qh), row_bytes);
    for (size_t pair = 0; pair < 4; pair++) {
        prefetch(ahead, VECTOR_ROWS * sizeof(struct block_q5_k) / 8);
        struct quads bytes =
            load_quads(rows + offsetof(struct block_q5_k, qs) + pair * 32, row_bytes);
        UNROLL(4)
        for (int j = 0; j < 4; j++) { /* the two lowest bits are this pair's */
            ints low = ints_and(ints_left(fifth.at[j], 4), ints_bytes(16));
            ints high = ints_and(ints_left(fifth.at[j], 3), ints_bytes(16));
            fifth.at[j] = ints_right(fifth.at[j], 2);
            ints_store(codes + j * 64, ints_and_or(bytes.at[j], 15, low));
            ints_store(codes + (8 + j) * 64, ints_and_or(ints_right(bytes.at[j], 4), 15, high));
        }
        codes += 16 * 64;
    }
}

void UNPACKER(Q5_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q5_k))
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS) {
            const uint8_t *from = rows + row * row_bytes;
            unpack_head(&panel->scale[i * 8][row], &panel->minimum[i * 8][row], from, row_bytes);
            for (size_t half = 0; half < 2; half++)
                unpack_q5_k_half(codes_at(panel, i * 64 + half * 4, row), from + half * 16,
                                 row_bytes, ahead);
        }
}

/* Q6_K, 128 elements: low nibbles of ql[0..63] for the first two 32-blocks, high ones for the
 * others; qh[0..31] holds the two upper bits of all four. Here half of each 32 bytes. */
ALWAYS_INLINE void unpack_six_bits(uint8_t *codes, const uint8_t *ql, const uint8_t *qh,
                                   size_t row_bytes)
{
    struct quads a = load_quads(ql, row_bytes), b = load_quads(ql + 32, row_bytes),
                 h = load_quads(qh, row_bytes);
    const ints upper = ints_bytes(0x30);
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        ints h0 = ints_and(ints_left(h.at[j], 4), upper),
             h1 = ints_and(ints_left(h.at[j], 2), upper);
        ints h2 = ints_and(h.at[j], upper), h3 = ints_and(ints_right(h.at[j], 2), upper);
        ints_store(codes + j * 64, ints_and_or(a.at[j], 15, h0));
        ints_store(codes + (8 + j) * 64, ints_and_or(b.at[j], 15, h1));
        ints_store(codes + (16 + j) * 64, ints_and_or(ints_right(a.at[j], 4), 15, h2));
        ints_store(codes + (24 + j) * 64, ints_and_or(ints_right(b.at[j], 4), 15, h3));
    }
}

ALWAYS_INLINE void unpack_q6_k_scales(float *scale, const uint8_t *rows, size_t row_bytes)
{
    struct quads scales = load_quads(rows + offsetof(struct block_q6_k, scales), row_bytes);
    floats d = row_halves(rows + offsetof(struct block_q6_k, d), row_bytes);
    UNROLL(4)
    for (size_t j = 0; j < 4; j++)
        store_signed_scales(scale + j * 4 * PANEL_ROWS, scales.at[j], d);
}

void UNPACKER(Q6_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    struct panel_ahead *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q6_k)) {
        for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS)
            unpack_q6_k_scales(&panel->scale[i * 16][row], rows + row * row_bytes, row_bytes);
        for (size_t part = 0; part < 4; part++) {
            prefetch(ahead, PANEL_ROWS * sizeof(struct block_q6_k) / 4);
            size_t run = part / 2, half = part % 2;
            const uint8_t *ql = rows + offsetof(struct block_q6_k, ql) + run * 64 + half * 16;
            const uint8_t *qh = rows + offsetof(struct block_q6_k, qh) + run * 32 + half * 16;
            for (size_t row = 0; row < PANEL_ROWS; row += VECTOR_ROWS)
                unpack_six_bits(codes_at(panel, i * 64 + run * 32 + half * 4, row),
                                ql + row * row_bytes, qh + row * row_bytes, row_bytes);
        }
    }
}
