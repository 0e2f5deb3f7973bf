/* cursor.h: reading little-endian values from bytes whose end is known.
 *
 * Owns nothing but a position; every read is checked against the end, so that forgetting a check is
 * impossible. Errors name `what` (a file), the offset and the two numbers that disagree. One thread
 * at a time. */
#ifndef CURSOR_H
#define CURSOR_H

#include "base/base.h"
#include "base/error.h"

struct cursor {
    const uint8_t *data;
    size_t size, offset;
    const char *what; /* borrowed: named in messages */
};

struct cursor cursor_over(const void *data, size_t size, const char *what);

/* Bytes not yet read. */
static inline size_t cursor_left(const struct cursor *c)
{
    return c->size - c->offset;
}

bool cursor_u8(struct cursor *c, uint8_t *value, struct error *err) MUST_CHECK;
bool cursor_u16(struct cursor *c, uint16_t *value, struct error *err) MUST_CHECK;
bool cursor_u32(struct cursor *c, uint32_t *value, struct error *err) MUST_CHECK;
bool cursor_u64(struct cursor *c, uint64_t *value, struct error *err) MUST_CHECK;

/* The next `length` bytes, in place. */
bool cursor_bytes(struct cursor *c, uint64_t length, const uint8_t **bytes,
                  struct error *err) MUST_CHECK;

#endif
