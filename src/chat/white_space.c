#include "chat/white_space.h"

#include "base/utf8.h"

static bool is_space(uint32_t c)
{
    static const uint32_t others[] = { 0x20,   0x85,   0xa0,   0x1680, 0x2028,
                                       0x2029, 0x202f, 0x205f, 0x3000 };
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (c == others[i])
            return true;
    return (c >= '\t' && c <= '\r') || (c >= 0x2000 && c <= 0x200a);
}

/* The length of the white space character that begins at `p`, 0 when there is none. */
static size_t space_length(const char *p, size_t left)
{
    size_t n = utf8_length((const uint8_t *)p, left);
    return n && is_space(utf8_decode((const uint8_t *)p, n)) ? n : 0;
}

size_t leading_space(struct slice text)
{
    size_t at = 0;
    for (size_t n = 1; n && at < text.length; at += n) /* nothing may lie at NULL */
        n = space_length(text.data + at, text.length - at);
    return at;
}

/* The same of the one that ends before `end`: none is longer than 3 bytes. */
static size_t space_before(const char *start, size_t end)
{
    for (size_t n = 1; n <= 3 && n <= end; n++)
        if (space_length(start + end - n, n) == n)
            return n;
    return 0;
}

size_t trailing_space(struct slice text)
{
    size_t end = text.length;
    for (size_t n; (n = space_before(text.data, end)) > 0;)
        end -= n;
    return text.length - end;
}

struct slice trim_left(struct slice text)
{
    size_t n = leading_space(text);
    return n ? (struct slice){ text.data + n, text.length - n } : text;
}

struct slice trim_right(struct slice text)
{
    return (struct slice){ text.data, text.length - trailing_space(text) };
}

struct slice trim_space(struct slice text)
{
    return trim_right(trim_left(text));
}
