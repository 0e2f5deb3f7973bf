/* matmul_unpack_k_impl.h: blocks of 256 to panels: Q2_K to Q6_K; included after
 * matmul_unpack_impl.h.
 *
 * Scales, too, are transposed while they are packed and taken apart for all rows at once. */

/* One number of every row. */
ALWAYS_INLINE vec_f row_halves(const uint8_t *from, size_t row_bytes)
{
    _Alignas(32) uint16_t halves[VEC_ROWS];
    UNROLL(16)
    for (size_t r = 0; r < VEC_ROWS; r++)
        memcpy(&halves[r], from + r * row_bytes, sizeof halves[r]);
    return vec_f_halves(halves);
}

ALWAYS_INLINE vec row_words(const uint8_t *from, size_t row_bytes)
{
    _Alignas(64) uint32_t words[VEC_ROWS];
    UNROLL(16)
    for (size_t r = 0; r < VEC_ROWS; r++)
        memcpy(&words[r], from + r * row_bytes, sizeof words[r]);
    return vec_load(words);
}

/* factor * byte for the four bytes of every row, to four rows of scales */
ALWAYS_INLINE void store_scales(float *out, vec bytes, vec_f factor)
{
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++) {
        vec byte = vec_right(vec_left(bytes, 24 - 8 * j), 24);
        vec_f_store(out + j * PANEL_ROWS, vec_f_multiply(factor, vec_to_float(byte)));
    }
}

ALWAYS_INLINE void store_signed_scales(float *out, vec bytes, vec_f factor)
{
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++) {
        vec byte = vec_right_signed(vec_left(bytes, 24 - 8 * j), 24);
        vec_f_store(out + j * PANEL_ROWS, vec_f_multiply(factor, vec_to_float(byte)));
    }
}

/* The head that Q4_K and Q5_K share: d, dmin, then 8 scales and 8 minimums of 6 bits in 12 bytes.
 */
ALWAYS_INLINE void unpack_head(float *scale, float *minimum, const uint8_t *rows, size_t row_bytes)
{
    struct quads head = load_quads(rows, row_bytes);
    vec first = head.at[1], second = head.at[2], nibbles = head.at[3];
    vec high_scales = vec_and(vec_right(first, 2), vec_bytes(0x30));
    vec high_minimums = vec_and(vec_right(second, 2), vec_bytes(0x30));
    vec_f d = vec_low_half(head.at[0]), dmin = vec_high_half(head.at[0]);
    store_scales(scale, vec_and(first, vec_bytes(63)), d);
    store_scales(scale + 4 * PANEL_ROWS, vec_and_or(nibbles, 15, high_scales), d);
    store_scales(minimum, vec_and(second, vec_bytes(63)), dmin);
    store_scales(minimum + 4 * PANEL_ROWS, vec_and_or(vec_right(nibbles, 4), 15, high_minimums),
                 dmin);
}

/* Q4_K: 32 bytes hold two 32-blocks; here 16 of them, half of each. */
ALWAYS_INLINE void unpack_two_halves(uint8_t *codes, const uint8_t *rows, size_t row_bytes)
{
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        vec_store(codes + j * 64, low_nibbles(bytes.at[j]));
        vec_store(codes + (8 + j) * 64, high_nibbles(bytes.at[j]));
    }
}

void UNPACKER(Q4_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    const uint8_t *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q4_k)) {
        for (size_t row = 0; row < PANEL_ROWS; row += VEC_ROWS)
            unpack_head(&panel->scale[i * 8][row], &panel->minimum[i * 8][row],
                        rows + row * row_bytes, row_bytes);
        for (size_t part = 0; part < 8; part++) {
            prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q4_k) / 8);
            size_t quad = i * 64 + part / 2 * 16 + part % 2 * 4;
            const uint8_t *from = rows + offsetof(struct block_q4_k, qs) + part * 16;
            for (size_t row = 0; row < PANEL_ROWS; row += VEC_ROWS)
                unpack_two_halves(codes_at(panel, quad, row), from + row * row_bytes, row_bytes);
        }
    }
}

/* Q5_K: the same with the fifth bits of all eight 32-blocks in 32 bytes; `half` is which 16 of
 * them. */
ALWAYS_INLINE void unpack_q5_k_half(uint8_t *codes, const uint8_t *rows, size_t row_bytes,
                                    const uint8_t **ahead)
{
    struct quads fifth = load_quads(rows + offsetof(struct block_q5_k, qh), row_bytes);
    for (size_t pair = 0; pair < 4; pair++) {
        prefetch(ahead, VEC_ROWS * sizeof(struct block_q5_k) / 8);
        struct quads bytes =
            load_quads(rows + offsetof(struct block_q5_k, qs) + pair * 32, row_bytes);
        UNROLL(4)
        for (int j = 0; j < 4; j++) { /* the two lowest bits are this pair's */
            vec low = vec_and(vec_left(fifth.at[j], 4), vec_bytes(16));
            vec high = vec_and(vec_left(fifth.at[j], 3), vec_bytes(16));
            fifth.at[j] = vec_right(fifth.at[j], 2);
            vec_store(codes + j * 64, vec_and_or(bytes.at[j], 15, low));
            vec_store(codes + (8 + j) * 64, vec_and_or(vec_right(bytes.at[j], 4), 15, high));
        }
        codes += 16 * 64;
    }
}

void UNPACKER(Q5_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    const uint8_t *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q5_k))
        for (size_t row = 0; row < PANEL_ROWS; row += VEC_ROWS) {
            const uint8_t *from = rows + row * row_bytes;
            unpack_head(&panel->scale[i * 8][row], &panel->minimum[i * 8][row], from, row_bytes);
            for (size_t half = 0; half < 2; half++)
                unpack_q5_k_half(codes_at(panel, i * 64 + half * 4, row), from + half * 16,
                                 row_bytes, &ahead);
        }
}

/* Q6_K, 128 elements: low nibbles of ql[0..63] for the first two 32-blocks, high ones for the
 * others; qh[0..31] holds the two upper bits of all four. Here half of each 32 bytes. */
ALWAYS_INLINE void unpack_six_bits(uint8_t *codes, const uint8_t *ql, const uint8_t *qh,
                                   size_t row_bytes)
{
    struct quads a = load_quads(ql, row_bytes), b = load_quads(ql + 32, row_bytes),
                 h = load_quads(qh, row_bytes);
    const vec upper = vec_bytes(0x30);
    UNROLL(4)
    for (int j = 0; j < 4; j++) {
        vec h0 = vec_and(vec_left(h.at[j], 4), upper), h1 = vec_and(vec_left(h.at[j], 2), upper);
        vec h2 = vec_and(h.at[j], upper), h3 = vec_and(vec_right(h.at[j], 2), upper);
        vec_store(codes + j * 64, vec_and_or(a.at[j], 15, h0));
        vec_store(codes + (8 + j) * 64, vec_and_or(b.at[j], 15, h1));
        vec_store(codes + (16 + j) * 64, vec_and_or(vec_right(a.at[j], 4), 15, h2));
        vec_store(codes + (24 + j) * 64, vec_and_or(vec_right(b.at[j], 4), 15, h3));
    }
}

ALWAYS_INLINE void unpack_q6_k_scales(float *scale, const uint8_t *rows, size_t row_bytes)
{
    struct quads scales = load_quads(rows + offsetof(struct block_q6_k, scales), row_bytes);
    vec_f d = row_halves(rows + offsetof(struct block_q6_k, d), row_bytes);
    UNROLL(4)
    for (size_t j = 0; j < 4; j++)
        store_signed_scales(scale + j * 4 * PANEL_ROWS, scales.at[j], d);
}

void UNPACKER(Q6_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    const uint8_t *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q6_k)) {
        for (size_t row = 0; row < PANEL_ROWS; row += VEC_ROWS)
            unpack_q6_k_scales(&panel->scale[i * 16][row], rows + row * row_bytes, row_bytes);
        for (size_t part = 0; part < 4; part++) {
            prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q6_k) / 4);
            size_t run = part / 2, half = part % 2;
            const uint8_t *ql = rows + offsetof(struct block_q6_k, ql) + run * 64 + half * 16;
            const uint8_t *qh = rows + offsetof(struct block_q6_k, qh) + run * 32 + half * 16;
            for (size_t row = 0; row < PANEL_ROWS; row += VEC_ROWS)
                unpack_six_bits(codes_at(panel, i * 64 + run * 32 + half * 4, row),
                                ql + row * row_bytes, qh + row * row_bytes, row_bytes);
        }
    }
}

/* Q2_K: 128 elements share 32 bytes, two bits for each of four 32-blocks; here 16 of the bytes. */
ALWAYS_INLINE void unpack_two_bits(uint8_t *codes, const uint8_t *rows, size_t row_bytes)
{
    struct quads bytes = load_quads(rows, row_bytes);
    UNROLL(4)
    for (unsigned block = 0; block < 4; block++) {
        UNROLL(4)
        for (unsigned j = 0; j < 4; j++)
            vec_store(codes + (block * 8 + j) * 64,
                      vec_and(vec_right(bytes.at[j], 2 * block), vec_bytes(3)));
    }
}

ALWAYS_INLINE void unpack_q2_k_scales(float *scale, float *minimum, const uint8_t *rows,
                                      size_t row_bytes)
{
    struct quads scales = load_quads(rows, row_bytes);
    vec factors = row_words(rows + offsetof(struct block_q2_k, d), row_bytes);
    UNROLL(4)
    for (size_t j = 0; j < 4; j++) {
        store_scales(scale + j * 4 * PANEL_ROWS, low_nibbles(scales.at[j]), vec_low_half(factors));
        store_scales(minimum + j * 4 * PANEL_ROWS, high_nibbles(scales.at[j]),
                     vec_high_half(factors));
    }
}

void UNPACKER(Q2_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    const uint8_t *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q2_k)) {
        for (size_t row = 0; row < PANEL_ROWS; row += VEC_ROWS)
            unpack_q2_k_scales(&panel->scale[i * 16][row], &panel->minimum[i * 16][row],
                               rows + row * row_bytes, row_bytes);
        for (size_t part = 0; part < 4; part++) {
            prefetch(&ahead, PANEL_ROWS * sizeof(struct block_q2_k) / 4);
            const uint8_t *from = rows + offsetof(struct block_q2_k, qs) + part * 16;
            for (size_t row = 0; row < PANEL_ROWS; row += VEC_ROWS)
                unpack_two_bits(codes_at(panel, i * 64 + part / 2 * 32 + part % 2 * 4, row),
                                from + row * row_bytes, row_bytes);
        }
    }
}

/* Q3_K: 16 scales of 6 bits, minus 32: low nibbles in bytes 0 to 7 (low ones, then high ones),
 * upper pairs of bits in bytes 8 to 11. */
ALWAYS_INLINE void unpack_q3_k_scales(float *out, const uint8_t *rows, size_t row_bytes)
{
    /* The block's last 16 bytes: two of codes, 12 of scales, d. */
    struct quads tail = load_quads(rows + sizeof(struct block_q3_k) - 16, row_bytes);
    vec low[2], upper;
    low[0] = vec_or(vec_right(tail.at[0], 16), vec_left(tail.at[1], 16));
    low[1] = vec_or(vec_right(tail.at[1], 16), vec_left(tail.at[2], 16));
    upper = vec_or(vec_right(tail.at[2], 16), vec_left(tail.at[3], 16));
    UNROLL(4)
    for (unsigned j = 0; j < 4; j++) {
        vec nibbles = j < 2 ? low_nibbles(low[j]) : high_nibbles(low[j - 2]);
        vec bits = vec_and(vec_right(upper, 2 * j), vec_bytes(3));
        vec scales = vec_subtract_bytes(vec_or(nibbles, vec_left(bits, 4)), vec_bytes(32));
        store_signed_scales(out + j * 4 * PANEL_ROWS, scales, vec_high_half(tail.at[3]));
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
            vec low = vec_and(vec_right(bytes.at[j], 2 * block), vec_bytes(3));
            vec high = vec_left(vec_right(third->at[j], first_block + block), 2);
            vec_store(codes + (block * 8 + j) * 64, vec_and_or(high, 4, low));
        }
    }
}

void UNPACKER(Q3_K)(struct panel *panel, const uint8_t *rows, size_t row_bytes, size_t n_blocks,
                    const uint8_t *ahead)
{
    for (size_t i = 0; i < n_blocks; i++, rows += sizeof(struct block_q3_k))
        for (size_t row = 0; row < PANEL_ROWS; row += VEC_ROWS) {
            const uint8_t *from = rows + row * row_bytes,
                          *qs = from + offsetof(struct block_q3_k, qs);
            unpack_q3_k_scales(&panel->scale[i * 16][row], from, row_bytes);
            for (size_t half = 0; half < 2; half++) {
                prefetch(&ahead, VEC_ROWS * sizeof(struct block_q3_k) / 2);
                struct quads third = load_quads(from + half * 16, row_bytes);
                unpack_three_bits(codes_at(panel, i * 64 + half * 4, row), qs + half * 16,
                                  row_bytes, &third, 0);
                unpack_three_bits(codes_at(panel, i * 64 + 32 + half * 4, row), qs + 32 + half * 16,
                                  row_bytes, &third, 4);
            }
        }
}
