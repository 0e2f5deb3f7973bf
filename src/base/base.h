/* base.h: what every file of hearth includes first.
 *
 * Owns the standard headers everybody needs, a handful of attributes and `struct slice`. Leaves
 * everything that has a noun of its own to the header of that noun. */
#ifndef BASE_H
#define BASE_H

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_CHECK           __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, va) __attribute__((format(printf, fmt, va)))
#define COUNT_OF(array)      (sizeof(array) / sizeof((array)[0]))

/* The public functions of libhearth; all others are hidden (-fvisibility=hidden). */
#define PUBLIC __attribute__((visibility("default")))

/* Bytes that somebody else owns; may hold NUL bytes and need not end in one. */
struct slice {
    const char *data;
    size_t length;
};

static inline struct slice slice_of(const char *string)
{
    return (struct slice){ string, strlen(string) };
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

static inline size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* `value` rounded up to a multiple of `unit`, which is a power of two. */
static inline size_t align_up(size_t value, size_t unit)
{
    return (value + unit - 1) & ~(unit - 1);
}

#endif
