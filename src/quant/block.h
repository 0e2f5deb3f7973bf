/* block.h: the layout in memory of one block of every quantized type.
 *
 * Owns the structs (source: ggml's block definitions). `d` and `m` fields are IEEE half floats as
 * raw bits. Little-endian machines only. */
#ifndef BLOCK_H
#define BLOCK_H

#include "base/base.h"

enum { BLOCK = 32, SUPERBLOCK = 256 };

struct block_q4_0 {
    uint16_t d;
    uint8_t qs[16]; /* element i: low nibble of qs[i]; i + 16: high nibble; value d * (q - 8) */
};
struct block_q4_1 {
    uint16_t d, m;
    uint8_t qs[16]; /* value d * q + m */
};
struct block_q5_0 {
    uint16_t d;
    uint8_t qh[4];  /* fifth bit of element i: bit i */
    uint8_t qs[16]; /* value d * (q - 16) */
};
struct block_q5_1 {
    uint16_t d, m;
    uint8_t qh[4];
    uint8_t qs[16]; /* value d * q + m */
};
struct block_q8_0 {
    uint16_t d;
    int8_t qs[32]; /* value d * q */
};
struct block_q2_k {
    uint8_t scales[16]; /* of 16 elements each: low nibble scale, high nibble minimum */
    uint8_t qs[64];
    uint16_t d, dmin;
};
struct block_q3_k {
    uint8_t hmask[32]; /* third bit, inverted: clear means subtract 4 */
    uint8_t qs[64];
    uint8_t scales[12]; /* 16 scales of 6 bits, minus 32 */
    uint16_t d;
};
struct block_q4_k {
    uint16_t d, dmin;
    uint8_t scales[12]; /* 8 scales and 8 minimums of 6 bits */
    uint8_t qs[128];
};
struct block_q5_k {
    uint16_t d, dmin;
    uint8_t scales[12];
    uint8_t qh[32];
    uint8_t qs[128];
};
struct block_q6_k {
    uint8_t ql[128];
    uint8_t qh[64];
    int8_t scales[16]; /* of 16 elements each; value d * scale * (q - 32) */
    uint16_t d;
};

static_assert(sizeof(struct block_q4_0) == 18, "size of a stored block");
static_assert(sizeof(struct block_q4_1) == 20, "size of a stored block");
static_assert(sizeof(struct block_q5_0) == 22, "size of a stored block");
static_assert(sizeof(struct block_q5_1) == 24, "size of a stored block");
static_assert(sizeof(struct block_q8_0) == 34, "size of a stored block");
static_assert(sizeof(struct block_q2_k) == 84, "size of a stored block");
static_assert(sizeof(struct block_q3_k) == 110, "size of a stored block");
static_assert(sizeof(struct block_q4_k) == 144, "size of a stored block");
static_assert(sizeof(struct block_q5_k) == 176, "size of a stored block");
static_assert(sizeof(struct block_q6_k) == 210, "size of a stored block");

#endif
