#include "cli/quoted_text.h"

#include "base/utf8.h"

/* Control characters, and those that turn the direction of what follows. */
static bool is_unseen(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

/* One character of `length` bytes, or, when that is 0, a byte that is none. */
static bool append_one(struct text *out, const char *at, size_t length)
{
    const uint8_t *p = (const uint8_t *)at;
    bool ok = true;
    if (*p == '\n' || *p == '\t' || *p == '\r')
        return text_printf(out, "\\%c", *p == '\n' ? 'n' : *p == '\t' ? 't' : 'r');
    if (*p == '"' || *p == '\\')
        return text_printf(out, "\\%c", *p);
    if (length && !is_unseen(utf8_decode(p, length)))
        return text_append(out, at, length);
    for (size_t i = 0; ok && i < size_max(length, 1); i++)
        ok = text_printf(out, "\\x%02X", p[i]);
    return ok;
}

bool quoted_text_append(struct text *out, struct slice bytes)
{
    bool ok = text_append_byte(out, '"');
    for (size_t i = 0; ok && i < bytes.length;) {
        size_t n = utf8_length((const uint8_t *)bytes.data + i, bytes.length - i);
        ok = append_one(out, bytes.data + i, n);
        i += size_max(n, 1);
    }
    return ok && text_append_byte(out, '"');
}
