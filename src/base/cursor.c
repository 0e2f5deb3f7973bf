#include "base/cursor.h"

struct cursor cursor_over(const void *data, size_t size, const char *what)
{
    return (struct cursor){ .data = data, .size = size, .what = what };
}

bool cursor_bytes(struct cursor *c, uint64_t length, const uint8_t **bytes, struct error *err)
{
    if (length > cursor_left(c))
        return fail(err, ERROR_FORMAT,
                    "'%s' is cut off: %" PRIu64 " bytes expected at offset %zu, %zu left", c->what,
                    length, c->offset, cursor_left(c));
    *bytes = c->data + c->offset;
    c->offset += (size_t)length;
    return true;
}

bool cursor_u8(struct cursor *c, uint8_t *value, struct error *err)
{
    const uint8_t *b = NULL; /* gcc cannot see that fail() is false */
    if (!cursor_bytes(c, 1, &b, err))
        return false;
    *value = b[0];
    return true;
}

bool cursor_u16(struct cursor *c, uint16_t *value, struct error *err)
{
    const uint8_t *b = NULL; /* gcc cannot see that fail() is false */
    if (!cursor_bytes(c, 2, &b, err))
        return false;
    *value = (uint16_t)(b[0] | b[1] << 8);
    return true;
}

static uint32_t u32_at(const uint8_t *b)
{
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

bool cursor_u32(struct cursor *c, uint32_t *value, struct error *err)
{
    const uint8_t *b = NULL; /* gcc cannot see that fail() is false */
    if (!cursor_bytes(c, 4, &b, err))
        return false;
    *value = u32_at(b);
    return true;
}

bool cursor_u64(struct cursor *c, uint64_t *value, struct error *err)
{
    const uint8_t *b = NULL; /* gcc cannot see that fail() is false */
    if (!cursor_bytes(c, 8, &b, err))
        return false;
    *value = u32_at(b) | (uint64_t)u32_at(b + 4) << 32;
    return true;
}
