#include "base/utf8.h"

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Length that a first byte announces; 0 for a byte that cannot come first. */
static size_t announced_length(uint8_t first)
{
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        return 2;
    if ((first & 0xf0) == 0xe0)
        return 3;
    return first >= 0xf0 && first <= 0xf4 ? 4 : 0;
}

/* Second bytes are narrowed for these first bytes: no overlong form, no surrogate, nothing above
 * U+10FFFF. */
static bool second_allowed(uint8_t first, uint8_t second)
{
    switch (first) {
    case 0xe0:
        return second >= 0xa0 && second <= 0xbf;
    case 0xed:
        return second >= 0x80 && second <= 0x9f;
    case 0xf0:
        return second >= 0x90 && second <= 0xbf;
    case 0xf4:
        return second >= 0x80 && second <= 0x8f;
    default:
        return is_continuation(second);
    }
}

size_t utf8_length(const uint8_t *p, size_t left)
{
    size_t n = left ? announced_length(p[0]) : 0;
    if (n <= 1)
        return n;
    if (n > left || !second_allowed(p[0], p[1]))
        return 0;
    for (size_t i = 2; i < n; i++)
        if (!is_continuation(p[i]))
            return 0;
    return n;
}

uint32_t utf8_decode(const uint8_t *p, size_t length)
{
    static const uint8_t masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t code_point = p[0] & masks[length];
    for (size_t i = 1; i < length; i++)
        code_point = code_point << 6 | (p[i] & 0x3f);
    return code_point;
}

size_t utf8_encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

size_t utf8_incomplete_tail(const uint8_t *p, size_t length)
{
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        uint8_t byte = p[length - back];
        if (is_continuation(byte))
            continue;
        size_t n = announced_length(byte);
        bool cut = n > back && (back == 1 || second_allowed(byte, p[length - back + 1]));
        return cut ? back : 0;
    }
    return 0;
}

bool utf8_valid(const uint8_t *p, size_t length)
{
    for (size_t i = 0; i < length;) {
        size_t n = utf8_length(p + i, length - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}
