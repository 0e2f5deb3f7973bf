/* dtype.h: the types a tensor's numbers can be stored in.
 *
 * Owns the table of types (X-macro below: one row each) and its look-ups. Leaves the layouts of
 * blocks to block.h and arithmetic to kernels/. Any thread. */
#ifndef DTYPE_H
#define DTYPE_H

#include "base/base.h"

// clang-format off
/*    name,  shown,   type number in GGUF, elements in a block, bytes of a block */
#define DTYPE_ROWS(X)                \
    X(F32,  "F32",   0,   1,   4)    \
    X(F16,  "F16",   1,   1,   2)    \
    X(BF16, "BF16", 30,   1,   2)    \
    X(Q4_0, "Q4_0",  2,  32,  18)    \
    X(Q4_1, "Q4_1",  3,  32,  20)    \
    X(Q5_0, "Q5_0",  6,  32,  22)    \
    X(Q5_1, "Q5_1",  7,  32,  24)    \
    X(Q8_0, "Q8_0",  8,  32,  34)    \
    X(Q2_K, "Q2_K", 10, 256,  84)    \
    X(Q3_K, "Q3_K", 11, 256, 110)    \
    X(Q4_K, "Q4_K", 12, 256, 144)    \
    X(Q5_K, "Q5_K", 13, 256, 176)    \
    X(Q6_K, "Q6_K", 14, 256, 210)

enum dtype {
#define X(name, shown, number, elements, bytes) DTYPE_##name,
    DTYPE_ROWS(X)
#undef X
    DTYPE_COUNT
};
// clang-format on

const char *dtype_name(enum dtype type); /* "Q4_K" */
size_t dtype_block_elements(enum dtype type);
size_t dtype_block_bytes(enum dtype type);
uint32_t dtype_ggml_number(enum dtype type);
bool dtype_is_quantized(enum dtype type); /* blocks of more than one element */

/* The type with GGUF's number or with that name (any case); false when hearth has none. */
bool dtype_from_ggml(uint32_t number, enum dtype *type);
bool dtype_from_name(const char *name, enum dtype *type);

/* Bytes of a row of `n` elements; n must be a multiple of the block's elements. Callers have
 * checked overflow. */
size_t dtype_row_bytes(enum dtype type, size_t n);

#endif
