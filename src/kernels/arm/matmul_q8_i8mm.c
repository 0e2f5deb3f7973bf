/* Panels times tokens by SMMLA: two rows by two tokens over eight values of k, which is twice the
 * products of SDOT in one instruction. A token without a partner takes SDOT. */
#include "kernels/arm/matmul_arm.h"

/* Integer sums of rows taken together: [token], four rows each. */
enum { ROWS = 8 };
struct integers {
    int32x4_t at[Q8_GROUP][ROWS / 4];
};

/* Two quads of eight rows. */
struct codes {
    int8x16_t quad[2][2]; /* [quad][rows 0 to 3, 4 to 7], four values of each row */
    int8x16_t rows[4];    /* eight values of each of two rows */
};

ALWAYS_INLINE int8x16_t merge_quads(int8x16_t first, int8x16_t second, bool upper)
{
    int32x4_t a = vreinterpretq_s32_s8(first), b = vreinterpretq_s32_s8(second);
    return vreinterpretq_s8_s32(upper ? vzip2q_s32(a, b) : vzip1q_s32(a, b));
}

ALWAYS_INLINE struct codes load_codes(const int8_t *from)
{
    struct codes c;
    UNROLL(2)
    for (int half = 0; half < 2; half++) {
        c.quad[0][half] = vld1q_s8(from + half * 16);
        c.quad[1][half] = vld1q_s8(from + 64 + half * 16);
        c.rows[half * 2] = merge_quads(c.quad[0][half], c.quad[1][half], false);
        c.rows[half * 2 + 1] = merge_quads(c.quad[0][half], c.quad[1][half], true);
    }
    return c;
}

/* [pair of tokens][pair of rows]: row 0 by tokens 0 and 1, row 1 by the same. */
struct square_sums {
    int32x4_t at[Q8_GROUP / 2][4];
};

ALWAYS_INLINE void add_squares(struct integers *s, const struct square_sums *squares, int tokens)
{
    UNROLL(3)
    for (int t = 0; t + 1 < tokens; t += 2) {
        const int32x4_t *pairs = squares->at[t / 2];
        UNROLL(2)
        for (int half = 0; half < 2; half++) {
            int32x4_t a = pairs[half * 2], b = pairs[half * 2 + 1];
            s->at[t][half] = vaddq_s32(s->at[t][half], vuzp1q_s32(a, b));
            s->at[t + 1][half] = vaddq_s32(s->at[t + 1][half], vuzp2q_s32(a, b));
        }
    }
}

/* s += codes [quads][16][4] . q [tokens][32]; 8 of the 16 rows */
ALWAYS_INLINE void dot(struct integers *s, enum width width, int tokens, int quads,
                       const int8_t *codes, const int8_t *q)
{
    (void)width;
    struct square_sums squares;
    UNROLL(3)
    for (int pair = 0; pair < tokens / 2; pair++) {
        UNROLL(4)
        for (int rows = 0; rows < 4; rows++)
            squares.at[pair][rows] = vdupq_n_s32(0);
    }
    UNROLL(4)
    for (int quad = 0; quad < quads; quad += 2) {
        const struct codes c = load_codes(codes + quad * 64);
        const int8_t *x = q + quad * 4;
        UNROLL(3)
        for (int pair = 0; pair < tokens / 2; pair++) {
            const int8_t *first = x + pair * 64;
            int8x16_t two = vcombine_s8(vld1_s8(first), vld1_s8(first + 32));
            UNROLL(4)
            for (int rows = 0; rows < 4; rows++)
                squares.at[pair][rows] = vmmlaq_s32(squares.at[pair][rows], c.rows[rows], two);
        }
        if (tokens % 2) {
            int8x8_t last = vld1_s8(x + (tokens - 1) * 32);
            int32x4_t *sums = s->at[tokens - 1];
            UNROLL(2)
            for (int half = 0; half < 2; half++) {
                sums[half] = vdotq_lane_s32(sums[half], c.quad[0][half], last, 0);
                sums[half] = vdotq_lane_s32(sums[half], c.quad[1][half], last, 1);
            }
        }
    }
    add_squares(s, &squares, tokens);
}

#define INIT matmul_init_i8mm
#include "kernels/arm/matmul_q8_arm_impl.h"
