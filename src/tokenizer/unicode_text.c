#include "tokenizer/unicode_text.h"

#include "base/utf8.h"

#include <utf8proc.h>

static const char REPLACEMENT[] = "\xef\xbf\xbd";

uint32_t code_point_at(struct slice text, size_t i, size_t *length)
{
    const uint8_t *p = (const uint8_t *)text.data + i;
    *length = utf8_length(p, text.length - i);
    if (*length)
        return utf8_decode(p, *length);
    *length = 1;
    return 0xfffd;
}

/* Bytes of [p, p + left) that begin a sequence without completing it: at least 1. */
static size_t broken_length(const uint8_t *p, size_t left)
{
    for (size_t n = size_min(left, 3); n > 1; n--)
        if (utf8_incomplete_tail(p, n) == n)
            return n;
    return 1;
}

bool append_repaired(struct text *out, struct slice text)
{
    const uint8_t *p = (const uint8_t *)text.data;
    size_t done = 0;
    for (size_t i = 0; i < text.length;) {
        size_t n = utf8_length(p + i, text.length - i);
        if (n) {
            i += n;
            continue;
        }
        if (!text_append(out, text.data + done, i - done) || !text_append_string(out, REPLACEMENT))
            return false;
        i += broken_length(p + i, text.length - i);
        done = i;
    }
    return text_append(out, text.data + done, text.length - done);
}

/* Length that the first byte announces when all its continuation bytes are there, else 0. */
static size_t formal_length(const uint8_t *p, size_t left)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc0 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] >= 0xf8 || n > left)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

static uint32_t formal_decode(const uint8_t *p, size_t length)
{
    if (length == 4)
        return (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 63) << 12 | (p[2] & 63u) << 6 |
               (p[3] & 63u);
    if (length == 3)
        return (p[0] & 15u) << 12 | (p[1] & 63u) << 6 | (p[2] & 63u);
    return length == 2 ? (p[0] & 31u) << 6 | (p[1] & 63u) : p[0];
}

bool append_code_point(struct text *out, uint32_t code_point)
{
    char bytes[4];
    return text_append(out, bytes, utf8_encode(code_point, bytes));
}

bool append_lenient(struct text *out, struct slice text)
{
    if (utf8_valid((const uint8_t *)text.data, text.length))
        return text_append_slice(out, text);
    const uint8_t *p = (const uint8_t *)text.data;
    for (size_t i = 0; i < text.length;) {
        size_t n = formal_length(p + i, text.length - i);
        uint32_t c = n ? formal_decode(p + i, n) : 0xfffd;
        if (!append_code_point(out, c > 0x10ffff ? 0xfffd : c))
            return false;
        i += n ? n : 1;
    }
    return true;
}

static utf8proc_category_t category(uint32_t c)
{
    return utf8proc_category((utf8proc_int32_t)c);
}

const char *unicode_category(uint32_t c)
{
    return utf8proc_category_string((utf8proc_int32_t)c);
}

bool is_white_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= '\t' && c <= '\r');
    utf8proc_category_t k = category(c);
    return c == 0x85 || k == UTF8PROC_CATEGORY_ZS || k == UTF8PROC_CATEGORY_ZL ||
           k == UTF8PROC_CATEGORY_ZP;
}

bool is_mark(uint32_t c)
{
    utf8proc_category_t k = category(c);
    return k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_MC || k == UTF8PROC_CATEGORY_ME;
}

bool is_nonspacing_mark(uint32_t c)
{
    return category(c) == UTF8PROC_CATEGORY_MN;
}

bool is_punctuation(uint32_t c)
{
    utf8proc_category_t k = category(c);
    return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}

bool is_symbol(uint32_t c)
{
    utf8proc_category_t k = category(c);
    return k >= UTF8PROC_CATEGORY_SM && k <= UTF8PROC_CATEGORY_SO;
}

bool is_control(uint32_t c)
{
    return category(c) == UTF8PROC_CATEGORY_CC;
}

bool is_other(uint32_t c)
{
    utf8proc_category_t k = category(c);
    return k == UTF8PROC_CATEGORY_CN || k >= UTF8PROC_CATEGORY_CC;
}

bool is_decimal_digit(uint32_t c)
{
    return category(c) == UTF8PROC_CATEGORY_ND;
}

bool is_word_character(uint32_t c)
{
    utf8proc_category_t k = category(c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NO) || k == UTF8PROC_CATEGORY_PC;
}

uint32_t to_lower(uint32_t c)
{
    return (uint32_t)utf8proc_tolower((utf8proc_int32_t)c);
}

bool is_bert_ideograph(uint32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
           (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f) ||
           (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b920 && c <= 0x2ceaf) ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

bool is_assigned(uint32_t c)
{
    return category(c) != UTF8PROC_CATEGORY_CN;
}
