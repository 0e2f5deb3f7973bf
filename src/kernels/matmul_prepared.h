/* matmul_prepared.h: where the prepared activations of a matmul lie; private to the matmul family.
 *
 * Owns both layouts, which every variant shares bit for bit. Leaves the arithmetic to the variants.
 *
 * ACTIVATION_F32: [m][k rounded up to 16] floats, the padding is 0.
 *
 * ACTIVATION_Q8: tokens in as few groups of at most Q8_GROUP as there can be, which differ by one
 * token at most, larger ones first: 8 tokens are 4 and 4. Within a group of g tokens, for each
 * 32-block of k in order: q      int8  [k / 32][g][32] round to nearest even of
 * x * (127 / max|x|) d      float [k / 32][g]       max|x| / 127 sum    int32 [k / 32][g]       of
 * q over the block dsum   float [k / 32][g]       d * (float)sum sum16  int32 [k / 32][g][2]    of
 * q over each half so that whatever a kernel walks through is one dense stream. A block whose
 * max|x| is below Q8_TINY is all 0; a block with a NaN or an infinity has q = 0 and d = NaN, so
 * that the token's results become NaN instead of wrong. */
#ifndef MATMUL_PREPARED_H
#define MATMUL_PREPARED_H

#include "kernels/matmul.h"

/* Tokens a microkernel takes at once: 2 tiles of 16 rows x 6 tokens = 12 integer and 12 float
 * accumulators of 32 registers. */
enum { Q8_GROUP = 6 };

#define Q8_TINY 1e-30f /* 127 / max|x| must stay finite */

enum { Q8_BYTES_PER_BLOCK = 32 + 4 + 4 + 8 };

struct q8_group {
    size_t first, n_tokens;
    int8_t *q;
    float *d;
    int32_t *minus;
    int32_t *minus16;
};

static inline size_t q8_group_count(size_t m)
{
    return (m + Q8_GROUP - 1) / Q8_GROUP;
}

static inline size_t q8_group_bytes(size_t n_tokens, size_t k)
{
    return align_up(n_tokens * (k / 32) * Q8_BYTES_PER_BLOCK, 64);
}

static inline struct q8_group q8_group_at(const void *prepared, size_t m, size_t k, size_t index)
{
    size_t groups = q8_group_count(m), small = m / groups, large = m % groups;
    struct q8_group view = { .first = index * small + size_min(index, large),
                             .n_tokens = small + (index < large) };
    size_t count = view.n_tokens * (k / 32);
    uint8_t *base = (uint8_t *)prepared + index * q8_group_bytes(Q8_GROUP, k);
    view.q = (int8_t *)base;
    view.d = (float *)(base + count * 32);
    view.minus = (int32_t *)(view.d + count);
    view.minus16 = view.minus + count;
    return view;
}

/* The group that holds token `token` of m. */
static inline struct q8_group q8_group_of(const void *prepared, size_t m, size_t k, size_t token)
{
    size_t groups = q8_group_count(m), small = m / groups, large = m % groups;
    size_t in_large = large * (small + 1);
    size_t index = token < in_large ? token / (small + 1) : large + (token - in_large) / small;
    return q8_group_at(prepared, m, k, index);
}

static inline size_t f32_stride(size_t k)
{
    return align_up(k, 16);
}

/* The same for every variant. */
size_t matmul_prepared_bytes(enum activation_format format, size_t m, size_t k);

#endif
