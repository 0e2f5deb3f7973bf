/* Panels times tokens by SDOT: four rows by a quad of one token, which is a lane of a register that
 * holds four quads. */
#include "kernels/arm/matmul_arm.h"

/* Integer sums of rows taken together: [token], four rows each. */
enum { ROWS = 8 };
struct integers {
    int32x4_t at[Q8_GROUP][ROWS / 4];
};

/* s += codes [4 quads][16][4] . 16 values of a token, for four rows */
ALWAYS_INLINE int32x4_t dot_16(int32x4_t s, const int8x16_t w[4], int8x16_t x)
{
    s = vdotq_laneq_s32(s, w[0], x, 0);
    s = vdotq_laneq_s32(s, w[1], x, 1);
    s = vdotq_laneq_s32(s, w[2], x, 2);
    return vdotq_laneq_s32(s, w[3], x, 3);
}

/* s += codes [quads][16][4] . q [tokens][32]; 8 of the 16 rows */
ALWAYS_INLINE void dot(struct integers *s, enum width width, int tokens, int quads,
                       const int8_t *codes, const int8_t *q)
{
    (void)width;
    UNROLL(2)
    for (int begin = 0; begin < quads; begin += 4) {
        int8x16_t w[2][4];
        UNROLL(4)
        for (int i = 0; i < 4; i++) {
            w[0][i] = vld1q_s8(codes + (begin + i) * 64);
            w[1][i] = vld1q_s8(codes + (begin + i) * 64 + 16);
        }
        UNROLL(6)
        for (int t = 0; t < tokens; t++) {
            int8x16_t x = vld1q_s8(q + t * 32 + begin * 4);
            s->at[t][0] = dot_16(s->at[t][0], w[0], x);
            s->at[t][1] = dot_16(s->at[t][1], w[1], x);
        }
    }
}

#define INIT matmul_init_dotprod
#include "kernels/arm/matmul_q8_arm_impl.h"
