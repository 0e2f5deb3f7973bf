#include "chat/jinja/jinja_unicode.h"

#include "base/utf8.h"

#include <utf8proc.h>

uint32_t jinja_point(const char *at, size_t left, size_t *length)
{
    if ((unsigned char)*at < 0x80) {
        *length = 1;
        return (unsigned char)*at;
    }
    *length = utf8_length((const uint8_t *)at, left);
    return utf8_decode((const uint8_t *)at, *length);
}

size_t jinja_point_offset(struct slice text, size_t n)
{
    size_t i = 0;
    for (; n > 0 && i < text.length; n--)
        do
            i++;
        while (i < text.length && (text.data[i] & 0xc0) == 0x80);
    return i;
}

size_t jinja_count_points(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++)
        n += (text.data[i] & 0xc0) != 0x80;
    return n;
}

bool jinja_is_space(uint32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f);
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool jinja_is_line_end(uint32_t c)
{
    return (c >= 10 && c <= 13) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
           c == 0x2029;
}

static utf8proc_category_t category(uint32_t c)
{
    return utf8proc_category((utf8proc_int32_t)c);
}

bool jinja_is_alpha(uint32_t c)
{
    utf8proc_category_t k = category(c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO;
}

bool jinja_is_decimal(uint32_t c)
{
    return c < 0x80 ? c >= '0' && c <= '9' : category(c) == UTF8PROC_CATEGORY_ND;
}

/* Superscripts, subscripts and circled digits are digits, too, though no decimals. */
bool jinja_is_digit(uint32_t c)
{
    return jinja_is_decimal(c) || c == 0xb2 || c == 0xb3 || c == 0xb9 || c == 0x2070 ||
           (c >= 0x2074 && c <= 0x2079) || (c >= 0x2080 && c <= 0x2089) ||
           (c >= 0x2460 && c <= 0x2468) || (c >= 0x2474 && c <= 0x247c) ||
           (c >= 0x2488 && c <= 0x2490) || (c >= 0x2776 && c <= 0x277e);
}

bool jinja_is_numeric(uint32_t c)
{
    utf8proc_category_t k = category(c);
    return k == UTF8PROC_CATEGORY_ND || k == UTF8PROC_CATEGORY_NL || k == UTF8PROC_CATEGORY_NO;
}

bool jinja_is_word(uint32_t c)
{
    return c == '_' || jinja_is_alpha(c) || jinja_is_numeric(c);
}

bool jinja_is_lower(uint32_t c)
{
    return c < 0x80 ? c >= 'a' && c <= 'z' : category(c) == UTF8PROC_CATEGORY_LL;
}

bool jinja_is_upper(uint32_t c)
{
    return c < 0x80 ? c >= 'A' && c <= 'Z' : category(c) == UTF8PROC_CATEGORY_LU;
}

bool jinja_is_title(uint32_t c)
{
    return c >= 0x80 && category(c) == UTF8PROC_CATEGORY_LT;
}

bool jinja_is_printable(uint32_t c)
{
    if (c < 0x80)
        return c >= ' ' && c < 0x7f;
    utf8proc_category_t k = category(c);
    return k != UTF8PROC_CATEGORY_CN && k < UTF8PROC_CATEGORY_ZS;
}

/* Case folding of one code point: it knows the mappings to several. */
static size_t fold(uint32_t c, uint32_t out[4])
{
    utf8proc_int32_t points[8];
    int boundary = 0;
    utf8proc_ssize_t n =
        utf8proc_decompose_char((utf8proc_int32_t)c, points, 8, UTF8PROC_CASEFOLD, &boundary);
    if (n < 1 || n > 4) {
        out[0] = c;
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++)
        out[i] = (uint32_t)points[i];
    return (size_t)n;
}

static bool write_upper(struct jinja_run *run, uint32_t c, bool is_title)
{
    enum { SHARP_S = 0xdf }; /* 'ß': a capital letter exists, but Python's str does not use it */
    uint32_t simple = (uint32_t)(is_title ? utf8proc_totitle((utf8proc_int32_t)c)
                                          : utf8proc_toupper((utf8proc_int32_t)c));
    uint32_t folded[4];
    bool has_title = is_title && c != SHARP_S && (simple != c || jinja_is_title(c));
    bool keeps = jinja_is_upper(c) || has_title;
    size_t n = keeps ? 1 : fold(c, folded);
    if (n == 1) /* 'ß' folds to "ss", and its upper case is "SS"; likewise all like it */
        return jinja_write_point(run, simple);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        ok = jinja_write_point(run, is_title && i
                                        ? folded[i]
                                        : (uint32_t)utf8proc_toupper((utf8proc_int32_t)folded[i]));
    return ok;
}

static bool is_cased(uint32_t c)
{
    return jinja_is_lower(c) || jinja_is_upper(c) || jinja_is_title(c);
}

static bool is_case_ignorable(uint32_t c)
{
    utf8proc_category_t k = category(c);
    return k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_LM || k == UTF8PROC_CATEGORY_SK ||
           k == UTF8PROC_CATEGORY_CF || c == '\'' || c == '.' || c == ':' || c == 0x2019;
}

/* Whether the Greek sigma at `at` ends a word: then its lower case is another. */
static bool is_final(struct slice text, size_t at, size_t length)
{
    bool has_letter = false;
    for (size_t i = at; i > 0;) {
        size_t n;
        do
            i--;
        while (i > 0 && (text.data[i] & 0xc0) == 0x80);
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        has_letter = is_cased(c);
        if (has_letter || !is_case_ignorable(c))
            break;
    }
    for (size_t n, i = at + length; has_letter && i < text.length; i += n) {
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        if (is_cased(c))
            return false;
        if (!is_case_ignorable(c))
            break;
    }
    return has_letter;
}

static bool write_lower(struct jinja_run *run, struct slice text, size_t at, size_t length,
                        uint32_t c)
{
    enum { SIGMA = 0x3a3, FINAL_SIGMA = 0x3c2, I_WITH_DOT = 0x130, DOT_ABOVE = 0x307 };
    if (c == I_WITH_DOT)
        return jinja_write_point(run, 'i') && jinja_write_point(run, DOT_ABOVE);
    if (c == SIGMA) {
        /* The words around are read again for each sigma. */
        if (!jinja_spend(run, text.length / 64))
            return false;
        if (is_final(text, at, length))
            return jinja_write_point(run, FINAL_SIGMA);
    }
    return jinja_write_point(run, (uint32_t)utf8proc_tolower((utf8proc_int32_t)c));
}

static bool write_folded(struct jinja_run *run, uint32_t c)
{
    uint32_t folded[4];
    size_t n = fold(c, folded);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        ok = jinja_write_point(run, folded[i]);
    return ok;
}

/* Text without any letter beyond ASCII goes through a buffer. */
static bool write_ascii(struct jinja_run *run, struct slice text, bool is_upper)
{
    char buffer[512];
    bool ok = true;
    for (size_t i = 0; ok && i < text.length;) {
        size_t n = size_min(sizeof buffer, text.length - i);
        for (size_t k = 0; k < n; k++) {
            char c = text.data[i + k];
            bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            buffer[k] = is_letter ? (char)(is_upper ? c & ~32 : c | 32) : c;
        }
        ok = jinja_write(run, (struct slice){ buffer, n });
        i += n;
    }
    return ok;
}

bool jinja_write_case(struct jinja_run *run, struct slice text, enum jinja_case to)
{
    if (!jinja_spend_bytes(run, text.length))
        return false;
    if ((to == JINJA_UPPER || to == JINJA_LOWER) && jinja_count_points(text) == text.length) {
        bool is_ascii = true;
        for (size_t i = 0; i < text.length; i++)
            is_ascii = is_ascii && (unsigned char)text.data[i] < 0x80;
        if (is_ascii)
            return write_ascii(run, text, to == JINJA_UPPER);
    }
    bool ok = true, in_word = false;
    for (size_t n, i = 0; ok && i < text.length; i += n) {
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        enum jinja_case here = to;
        if (to == JINJA_TITLE)
            here = in_word ? JINJA_LOWER : JINJA_TITLE;
        else if (to == JINJA_CAPITALIZE)
            here = i ? JINJA_LOWER : JINJA_TITLE;
        else if (to == JINJA_SWAP)
            here = jinja_is_upper(c) ? JINJA_LOWER : JINJA_UPPER;
        in_word = is_cased(c);
        ok = jinja_spend(run, 1);
        if (here == JINJA_FOLD)
            ok = ok && write_folded(run, c);
        else if (here == JINJA_LOWER)
            ok = ok && write_lower(run, text, i, n, c);
        else
            ok = ok && write_upper(run, c, here == JINJA_TITLE);
    }
    return ok;
}

/* Where the last character begins. */
static size_t last_character(struct slice text)
{
    size_t last = text.length - 1;
    while (last > 0 && (text.data[last] & 0xc0) == 0x80)
        last--;
    return last;
}

struct slice jinja_strip(struct slice text, bool left, bool right)
{
    size_t n;
    while (left && text.length && jinja_is_space(jinja_point(text.data, text.length, &n)))
        text = (struct slice){ text.data + n, text.length - n };
    while (right && text.length) {
        size_t last = last_character(text);
        if (!jinja_is_space(jinja_point(text.data + last, text.length - last, &n)))
            break;
        text.length = last;
    }
    return text;
}

bool jinja_strip_set(struct jinja_run *run, struct slice text, struct slice set, bool left,
                     bool right, struct slice *out)
{
    size_t n;
    uint64_t cost = 1 + set.length / 16;
    for (; left && text.length; text = (struct slice){ text.data + n, text.length - n }) {
        (void)jinja_point(text.data, text.length, &n);
        if (!jinja_spend(run, cost))
            return false;
        if (!memmem(set.data, set.length, text.data, n))
            break;
    }
    for (; right && text.length; text.length = n) {
        n = last_character(text);
        if (!jinja_spend(run, cost))
            return false;
        if (!memmem(set.data, set.length, text.data + n, text.length - n))
            break;
    }
    *out = text;
    return true;
}

struct slice jinja_next_line(struct slice *rest, size_t *end_length)
{
    struct slice text = *rest;
    *end_length = 0;
    size_t n, i = 0;
    for (; i < text.length; i += n) {
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        if (jinja_is_line_end(c)) {
            bool is_pair = c == '\r' && i + 1 < text.length && text.data[i + 1] == '\n';
            *end_length = is_pair ? 2 : n;
            break;
        }
    }
    *rest = (struct slice){ text.data + i + *end_length, text.length - i - *end_length };
    return (struct slice){ text.data, i };
}
