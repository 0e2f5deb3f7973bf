/* Panels times tokens without VNNI: VPMADDUBSW with four values of a token broadcast.
 *
 * Pairs of products are summed in 16 bits first, over as many quads as the codes' width lets pass
 * without saturating: 15 * 127 * 2 * 8, 31 * 127 * 2 * 4 and 63 * 127 * 2 * 2 are below 2^15, and
 * 128 * 127 * 2 is, too, for which signed codes lend their sign to the token. With six tokens 12
 * such sums, 2 registers of codes, the token and a product fill the 16 registers. */
#include "kernels/x86/matmul_avx2.h"

enum { HALF_ROWS = PANEL_ROWS / 2 }; /* in a register */

/* Codes of so many bits need no more than one set of sums for a block. */
enum { WHOLE_BLOCK_BITS = 4 };

/* Whether the panel's codes are signed, so that no offset is left to subtract. */
#define IS_SIGNED(bits) ((bits) == 8)

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

/* Sums of two products in 16 bits. */
ALWAYS_INLINE __m256i multiply_quad(int bits, __m256i w, __m256i x)
{
    if (IS_SIGNED(bits))
        return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
    return _mm256_maddubs_epi16(w, x);
}

ALWAYS_INLINE void add_quad(struct integers *pairs, int bits, int tokens, const uint8_t *codes,
                            const int8_t *q, bool first)
{
    __m256i w[2];
    UNROLL(2)
    for (int half = 0; half < 2; half++)
        w[half] = _mm256_load_si256((const __m256i *)(codes + half * HALF_ROWS * 4));
    UNROLL(6)
    for (int t = 0; t < tokens; t++) {
        __m256i x = broadcast_quad(q + t * 32);
        UNROLL(2)
        for (int half = 0; half < 2; half++) {
            __m256i product = multiply_quad(bits, w[half], x);
            if (first)
                pairs->at[half][t] = product;
            else
                pairs->at[half][t] = in_order(_mm256_add_epi16(pairs->at[half][t], product));
        }
    }
}

/* s = codes [quads][16][4] . q [tokens][32] */
ALWAYS_INLINE void dot(struct integers *s, int bits, int tokens, int quads, const uint8_t *codes,
                       const int8_t *q)
{
    const int at_once = bits <= 4 ? quads : bits == 5 ? 4 : bits == 6 ? 2 : 1;
    const __m256i ones = _mm256_set1_epi16(1);
    UNROLL(8)
    for (int first = 0; first < quads; first += at_once) {
        struct integers pairs;
        UNROLL(8)
        for (int i = 0; i < at_once; i++)
            add_quad(&pairs, bits, tokens, codes + (first + i) * 64, q + (first + i) * 4, i == 0);
        UNROLL(6)
        for (int t = 0; t < tokens; t++) {
            UNROLL(2)
            for (int half = 0; half < 2; half++) {
                __m256i sum = _mm256_madd_epi16(pairs.at[half][t], ones);
                s->at[half][t] = first ? in_order(_mm256_add_epi32(s->at[half][t], sum)) : sum;
            }
        }
    }
}

#include "kernels/x86/matmul_q8_avx2_impl.h"

void matmul_init_avx2(struct matmul_kernels *matmul)
{
    matmul->prepare = matmul_prepare_avx2;
    matmul->scratch_bytes = panel_scratch_bytes;
    PANEL_TYPES(SET_RUN)
    matmul_init_float_avx2(matmul);
}
