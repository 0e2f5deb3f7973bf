/* Panels times tokens by widening multiplication: four rows by a quad are sixteen products of 16
 * bits in two registers.
 *
 * Quads are summed in 16 bits as long as the codes' width allows: 31 * 127 * 8, 63 * 127 * 4 and
 * 128 * 127 * 2 are below 2^15. */
#include "kernels/arm/matmul_arm.h"

/* Integer sums of rows taken together: [token], four rows each. */
enum { ROWS = 4 };
struct integers {
    int32x4_t at[Q8_GROUP][ROWS / 4];
};

ALWAYS_INLINE int8x16_t broadcast_quad(const int8_t *q)
{
    int32_t quad;
    memcpy(&quad, q, sizeof quad);
    return vreinterpretq_s8_s32(vdupq_n_s32(quad));
}

struct products {
    int16x8_t low, high; /* [row][byte] of rows 0 and 1, 2 and 3 */
};

ALWAYS_INLINE void multiply_quad(struct products *p, int8x16_t w, int8x16_t x, bool first)
{
    if (first) {
        p->low = vmull_s8(vget_low_s8(w), vget_low_s8(x));
        p->high = vmull_high_s8(w, x);
    } else {
        p->low = vmlal_s8(p->low, vget_low_s8(w), vget_low_s8(x));
        p->high = vmlal_high_s8(p->high, w, x);
    }
}

/* A sum a row. */
ALWAYS_INLINE int32x4_t add_products(struct products p)
{
    return vpaddq_s32(vpaddlq_s16(p.low), vpaddlq_s16(p.high));
}

/* s += codes [quads][16][4] . q [tokens][32]; four of the 16 rows */
ALWAYS_INLINE void dot(struct integers *s, enum width width, int tokens, int quads,
                       const int8_t *codes, const int8_t *q)
{
    const int at_once = width == FIVE_BITS ? 8 : width == SIX_BITS ? 4 : 2;
    UNROLL(4)
    for (int begin = 0; begin < quads; begin += at_once) {
        struct products p[Q8_GROUP];
        UNROLL(8)
        for (int i = 0; i < at_once; i++) {
            int8x16_t w = vld1q_s8(codes + (begin + i) * 64);
            UNROLL(6)
            for (int t = 0; t < tokens; t++)
                multiply_quad(&p[t], w, broadcast_quad(q + t * 32 + (begin + i) * 4), i == 0);
        }
        UNROLL(6)
        for (int t = 0; t < tokens; t++)
            s->at[t][0] = vaddq_s32(s->at[t][0], add_products(p[t]));
    }
}

#define INIT matmul_init_neon
#include "kernels/arm/matmul_q8_arm_impl.h"
