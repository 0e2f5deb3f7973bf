/* matmul_unpack.h: what unpackers of every width share; private to matmul_unpack_*.
 *
 * Owns the gathering of numbers that lie alone in their blocks, and the prefetching of what comes
 * later. */
#ifndef MATMUL_UNPACK_H
#define MATMUL_UNPACK_H

#include "kernels/simd/matmul_panel.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* Loops over constants up to n, so that arrays of registers stay registers. */
#define PRAGMA(text) _Pragma(#text)
#ifdef __clang__
#define UNROLL(n) PRAGMA(clang loop unroll(full)) /* with fewer rounds than n, too */
#else
#define UNROLL(n) PRAGMA(GCC unroll n)
#endif

/* The processor drops prefetches that find no free buffer: ask once more this many bytes later. */
enum { ASKED_AGAIN = 4096 };

/* Ask for what comes next, while `bytes` are unpacked. */
ALWAYS_INLINE void prefetch(struct panel_ahead *ahead, size_t bytes)
{
    const uint8_t *next = ahead->next; /* a part of a line past the end at most */
    size_t left = next < ahead->end ? (size_t)(ahead->end - next) : 0;
    size_t wanted = bytes * ahead->share / 256;
    if (wanted == bytes && left >= bytes) { /* as many at every step: with one token they count */
        UNROLL(16)
        for (size_t i = 0; i < bytes; i += 64) {
            __builtin_prefetch(next + i);
            __builtin_prefetch(next + i - ASKED_AGAIN);
        }
        ahead->next = next + bytes;
        return;
    }
    const uint8_t *end = next + size_min(wanted, left);
    for (; next < end; next += 64)
        __builtin_prefetch(next);
    ahead->next = next;
}

/* The numbers of 2 or 4 bytes at the same place of every row's blocks: [block][row]. Reading a
 * whole stretch of them first keeps a vector load from waiting for the scalar stores before it, and
 * brings the rows into the nearest cache. */
struct halves {
    _Alignas(64) uint16_t at[PANEL_K / 32][PANEL_ROWS];
};
struct words {
    _Alignas(64) uint32_t at[PANEL_K / 32][PANEL_ROWS];
};

ALWAYS_INLINE void gather_halves(struct halves *out, const uint8_t *from, size_t row_bytes,
                                 size_t block_bytes, size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++, from += block_bytes) {
        UNROLL(16)
        for (size_t r = 0; r < PANEL_ROWS; r++)
            memcpy(&out->at[i][r], from + r * row_bytes, sizeof out->at[i][r]);
    }
}

ALWAYS_INLINE void gather_words(struct words *out, const uint8_t *from, size_t row_bytes,
                                size_t block_bytes, size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++, from += block_bytes) {
        UNROLL(16)
        for (size_t r = 0; r < PANEL_ROWS; r++)
            memcpy(&out->at[i][r], from + r * row_bytes, sizeof out->at[i][r]);
    }
}

#endif
