#include "chat/jinja/jinja_literal.h"

#include "base/utf8.h"
#include "chat/jinja/jinja_integer.h"
#include "chat/jinja/jinja_unicode.h"

#include <math.h>
#include <stdlib.h>

static unsigned prefix_base(struct slice text)
{
    char letter = text.length > 2 && text.data[0] == '0' ? (char)(text.data[1] | 32) : '\0';
    return letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
}

bool jinja_integer_literal(struct jinja_run *run, struct slice text, struct jinja_value *out)
{
    unsigned base = prefix_base(text);
    if (base)
        text = (struct slice){ text.data + 2, text.length - 2 };
    return jinja_integer_parse(run, text, base ? base : 10, out);
}

bool jinja_float_literal(struct jinja_run *run, struct slice text, struct jinja_value *out)
{
    double d;
    if (!jinja_parse_float(text, &d))
        return jinja_fail(run, "%s is too long for a number", printable(text));
    *out = jinja_float(d);
    return true;
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    char lower = (char)(c | 32);
    return lower >= 'a' && lower <= 'z' ? (unsigned)(lower - 'a') + 10 : 99;
}

/* \x41, \u00e9, \U0001f600: the code point of exactly `n` digits, or none. */
static bool hex_escape(struct slice text, size_t n, uint32_t *point)
{
    *point = 0;
    if (text.length < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (digit_of(text.data[i]) > 15)
            return false;
        *point = *point << 4 | digit_of(text.data[i]);
    }
    return *point <= 0x10ffff && (*point < 0xd800 || *point > 0xdfff);
}

/* What stands behind a backslash; *length is how much of it belongs to the escape. */
static bool write_escape(struct jinja_run *run, struct slice text, size_t *length)
{
    static const char letters[] = "abfnrtv\\'\"", meanings[] = "\a\b\f\n\r\t\v\\'\"";
    char c = text.data[0];
    const char *simple = c ? strchr(letters, c) : NULL;
    uint32_t point = 0;
    *length = 1;
    if (simple)
        return jinja_write_byte(run, meanings[simple - letters]);
    if (c == '\n')
        return true;
    if (c >= '0' && c <= '7') {
        size_t n = 0;
        for (; n < 3 && n < text.length && text.data[n] >= '0' && text.data[n] <= '7'; n++)
            point = point * 8 + digit_of(text.data[n]);
        *length = n;
        return jinja_write_point(run, point);
    }
    size_t n = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (n == 0 && c != 'N') /* anything else stays with its backslash */
        return jinja_write_byte(run, '\\') &&
               jinja_write(
                   run, (struct slice){ text.data, *length = utf8_length((const uint8_t *)text.data,
                                                                         text.length) });
    if (!n || !hex_escape((struct slice){ text.data + 1, text.length - 1 }, n, &point))
        return jinja_fail(run, "\\%c stands in a string without a character's number", c);
    *length = 1 + n;
    return jinja_write_point(run, point);
}

bool jinja_string_literal(struct jinja_run *run, struct slice text, struct jinja_value *out)
{
    struct slice body = { text.data + 1, text.length - 2 };
    size_t mark = jinja_mark(run), n;
    if (!body.length || !memchr(body.data, '\\', body.length))
        return jinja_view_string(run, body, out);
    for (size_t i = 0; i < body.length; i += n) {
        struct slice rest = { body.data + i, body.length - i };
        const char *slash = memchr(rest.data, '\\', rest.length);
        n = slash ? (size_t)(slash - rest.data) : rest.length;
        if (!jinja_write(run, (struct slice){ rest.data, n }))
            return false;
        if (slash) {
            size_t length;
            struct slice escape = { slash + 1, rest.length - n - 1 };
            if (!write_escape(run, escape, &length))
                return false;
            n += 1 + length;
        }
    }
    return jinja_take(run, mark, out);
}

/* Copy a number without the '_' between its digits; false when something else stands there. */
static bool copy_number(struct slice text, char *out, size_t room)
{
    size_t n = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        bool is_digit = c >= '0' && c <= '9';
        if (c == '_') {
            bool joins = i > 0 && i + 1 < text.length && digit_of(text.data[i - 1]) < 10 &&
                         digit_of(text.data[i + 1]) < 10;
            if (!joins)
                return false;
            continue;
        }
        if ((!is_digit && c != '.' && c != '+' && c != '-' && (c | 32) != 'e') || n + 1 >= room)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return n > 0;
}

static bool parse_special(struct slice text, double *out)
{
    bool is_negative = text.length && text.data[0] == '-';
    size_t sign = text.length && (text.data[0] == '-' || text.data[0] == '+');
    struct slice word = { text.data + sign, text.length - sign };
    static const char *const names[] = { "nan", "inf", "infinity" };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (word.length == strlen(names[i]) && strncasecmp(word.data, names[i], word.length) == 0) {
            *out = i == 0 ? NAN : is_negative ? -INFINITY : INFINITY;
            return true;
        }
    return false;
}

bool jinja_parse_float(struct slice text, double *out)
{
    char copy[1200], *end;
    text = jinja_strip(text, true, true);
    if (parse_special(text, out))
        return true;
    if (!copy_number(text, copy, sizeof copy))
        return false;
    *out = strtod(copy, &end);
    return *end == '\0' && end != copy;
}

bool jinja_parse_integer(struct jinja_run *run, struct slice text, int64_t base, bool *is_number,
                         struct jinja_value *out)
{
    *is_number = false;
    text = jinja_strip(text, true, true);
    bool is_negative = text.length && text.data[0] == '-';
    if (text.length && (text.data[0] == '-' || text.data[0] == '+'))
        text = (struct slice){ text.data + 1, text.length - 1 };
    unsigned prefix = prefix_base(text);
    bool has_prefix = prefix && (base == 0 || base == prefix);
    if (has_prefix)
        text = (struct slice){ text.data + 2, text.length - 2 };
    if (base == 0)
        base = prefix ? prefix : 10;
    if (text.length == 0 || base < 2 || base > 36)
        return true;
    for (size_t i = 0; i < text.length; i++) {
        bool joins = text.data[i] == '_' && i + 1 < text.length && (i > 0 || has_prefix) &&
                     text.data[i + 1] != '_';
        if (!joins && digit_of(text.data[i]) >= base)
            return true;
    }
    *is_number = true;
    struct jinja_value zero = jinja_integer(0);
    return jinja_integer_parse(run, text, (unsigned)base, out) &&
           (!is_negative || jinja_integer_subtract(run, &zero, out, out));
}
