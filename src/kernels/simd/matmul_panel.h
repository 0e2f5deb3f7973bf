/* matmul_panel.h: 16 rows of quantized weights, unpacked for a stretch of k; private to
 * matmul.
 *
 * Owns the panel's layout, the one formula each kind of type is summed by, and the walk over rows,
 * stretches and tokens that all instruction sets share. Leaves unpacking and arithmetic to the
 * files of each instruction set.
 *
 * Lanes are weight rows. 32-blocks of k are taken in order, with i = the integer dot product of
 * codes and activations (minus offset * sum of activations), w = the block's scale, d = the
 * activations' scale, s = the activations' sum negated, m = the block's minimum; 0, 1: of the
 * block's halves; fma(a, b, c) = a * b + c rounded once. Each 32-block:
 * - PANEL_OFFSET32: acc = fma((float)i * w, d, acc)
 * - PANEL_MINIMUM32: acc = fma(fma((float)i, w, (float)s * m), d, acc)
 * - PANEL_OFFSET16: acc = fma(fma((float)i1, w1, (float)i0 * w0), d, acc)
 *
 * Super-blocks have small integers for each half, a factor c and a minimum n, and the floats w and
 * m for all 256. Each begins with u = v = 0 and adds eight 32-blocks:
 * - v = fma((float)(i0 * c0 + i1 * c1), d, v) and u = fma((float)(s0 * n0 + s1 * n1), d, u)
 * - then PANEL_OFFSET256: acc = fma(v, w, acc)
 * - then PANEL_MINIMUM256: acc = fma(v, w, fma(u, m, acc))
 *
 * All integers are exact, their (float) too: |i| <= 32 * 255 * 127 < 2^24. The bias is added to
 * the finished sum. */
#ifndef MATMUL_PANEL_H
#define MATMUL_PANEL_H

#include "kernels/matmul.h"
#include "kernels/matmul_prepared.h"

/* k elements in a panel: two tiles (24 KB) and a group's activations (3 KB) stay in a 32 KB L1. */
enum { PANEL_K = 512, PANEL_ROWS = MATMUL_TILE };

enum panel_kind {
    PANEL_OFFSET32,
    PANEL_MINIMUM32,
    PANEL_OFFSET16,
    PANEL_OFFSET256,
    PANEL_MINIMUM256,
    PANEL_KINDS
};

struct panel {
    uint8_t codes[PANEL_K / 4][PANEL_ROWS][4]; /* unsigned, four consecutive k of each row */
    union {
        float scale[PANEL_K / 16][PANEL_ROWS];       /* per 32-block, or per 16 in kind ...16 */
        int16_t factor[PANEL_K / 16][PANEL_ROWS][2]; /* kinds ...256: c, twice; unused where the
                                                        codes are multiplied by it already */
    };
    union {
        float minimum[PANEL_K / 32][PANEL_ROWS];       /* what is subtracted from each value: -m, or
                                                          dmin * min */
        int16_t minimums[PANEL_K / 32][PANEL_ROWS][2]; /* PANEL_MINIMUM256: n of both halves */
    };
    float super_scale[PANEL_K / 256][PANEL_ROWS], super_minimum[PANEL_K / 256][PANEL_ROWS];
};

/* What will be unpacked later: fetched in its order, some lines at every step of the computing, so
 * that the memory never rests. */
struct panel_ahead {
    const uint8_t *next, *end;
    size_t share; /* bytes asked for while 256 bytes are unpacked */
};

/* A group's activations from some 32-block on. */
struct panel_x {
    const int8_t *q;
    const float *d;
    const int32_t *minus, *minus16;
    const uint8_t *ahead, *ahead_end; /* to be fetched meanwhile */
    size_t ahead_per_block;           /* bytes of it at each 32-block */
};

/* n_blocks 32-blocks of `tiles` adjacent panels times a group's tokens, added to acc [tokens][tiles
 * * 16]. */
typedef void panel_kernel(const struct panel *panels, const struct panel_x *x, size_t n_blocks,
                          int shift, float *acc);

/* 16 rows, `row_bytes` apart, n_blocks of the type's blocks each; goes on in `ahead` meanwhile. */
typedef void panel_unpack(struct panel *panel, const uint8_t *rows, size_t row_bytes,
                          size_t n_blocks, struct panel_ahead *ahead);

/* The same rows times one token at once, added to acc [16]. */
typedef void panel_decode(const uint8_t *rows, size_t row_bytes, size_t n_blocks, struct panel_x x,
                          float *acc, struct panel_ahead *ahead);

enum { PANEL_MAX_TILES = 2 };

/* The types that are multiplied through panels. */
#define PANEL_TYPES(X) \
    X(Q4_0) X(Q4_1) X(Q5_0) X(Q5_1) X(Q8_0) X(Q2_K) X(Q3_K) X(Q4_K) X(Q5_K) X(Q6_K)

/* What an instruction set brings. */
struct panel_isa {
    panel_unpack *unpack[DTYPE_COUNT];
    panel_decode *decode[DTYPE_COUNT]; /* NULL: a panel is filled and multiplied */
    panel_kernel *kernel[PANEL_KINDS][PANEL_MAX_TILES][Q8_GROUP]; /* [.][tiles - 1][tokens - 1] */
    bool kernels_fetch;                                           /* they heed panel_x.ahead */
};

void panel_matmul(const struct panel_isa *isa, enum dtype type, const struct matmul *job,
                  size_t n_begin, size_t n_end, void *scratch);

/* matmul_kernels.scratch_bytes of every variant that uses panels. */
size_t panel_scratch_bytes(enum dtype type, size_t k);

#endif
