/* Panels times tokens with VPDPBUSD of 32 products: processors that have it without AVX-512.
 *
 * With six tokens 12 sums, 2 registers of codes and the token fill 15 of 16 registers. */
#include "kernels/x86/matmul_avx2.h"

enum { HALF_ROWS = PANEL_ROWS / 2 }; /* in a register */

enum { WHOLE_BLOCK_BITS = 8 }; /* one set of sums serves all codes */

#define IS_SIGNED(bits) 0

/* Sums of [half of the rows][token]. */
struct integers {
    __m256i at[2][Q8_GROUP];
};

ALWAYS_INLINE __m256i broadcast_quad(const int8_t *q)
{
    int32_t quad;
    memcpy(&quad, q, sizeof quad);
    return _mm256_set1_epi32(quad);
}

/* s = codes [quads][16][4] . q [tokens][32]; AVX2's unpackers leave the sign in codes of 8 bits */
ALWAYS_INLINE void dot(struct integers *s, int bits, int tokens, int quads, const uint8_t *codes,
                       const int8_t *q)
{
    UNROLL(8)
    for (int i = 0; i < quads; i++) {
        __m256i w[2];
        UNROLL(2)
        for (int half = 0; half < 2; half++) {
            w[half] = _mm256_load_si256((const __m256i *)(codes + i * 64 + half * HALF_ROWS * 4));
            if (bits == 8)
                w[half] = _mm256_xor_si256(w[half], _mm256_set1_epi8((char)0x80));
        }
        UNROLL(6)
        for (int t = 0; t < tokens; t++) {
            __m256i x = broadcast_quad(q + t * 32 + i * 4);
            UNROLL(2)
            for (int half = 0; half < 2; half++)
                s->at[half][t] = _mm256_dpbusd_avx_epi32(
                    i ? s->at[half][t] : _mm256_setzero_si256(), w[half], x);
        }
    }
}

#include "kernels/x86/matmul_q8_avx2_impl.h"

void matmul_init_avxvnni(struct matmul_kernels *matmul)
{
    PANEL_TYPES(SET_RUN)
}
