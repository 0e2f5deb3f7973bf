#include "chat/gotemplate/go_constant.h"

#include <errno.h>
#include <stdlib.h>

#include "base/utf8.h"

static bool fail_at(struct error *err, struct go_token token, const char *what)
{
    return fail(err, ERROR_FORMAT, "line %zu: %s: %s", token.line, what, printable(token.text));
}

/* `length` digits of `base` (8 or 16); -1 when some are none. */
static int64_t digits_value(const char *digits, size_t length, unsigned base)
{
    int64_t value = 0;
    for (size_t i = 0; i < length; i++) {
        char c = digits[i];
        unsigned digit = c >= '0' && c <= '9'   ? (unsigned)(c - '0')
                         : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10)
                                                : 99;
        if (digit >= base)
            return -1;
        value = value * base + digit;
    }
    return value;
}

/* What follows a backslash in `text`, as bytes or a code point; how long it is, 0 when misspelt. */
static size_t read_escape(const char *text, size_t length, char quote, uint32_t *code,
                          bool *is_byte)
{
    static const char names[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    *is_byte = true;
    if (length == 0)
        return 0;
    const char *simple = text[0] ? strchr(names, text[0]) : NULL;
    if (simple || text[0] == quote) {
        *code = (unsigned char)(simple ? values[simple - names] : quote);
        return 1;
    }
    size_t wanted = text[0] == 'x' ? 2 : text[0] == 'u' ? 4 : text[0] == 'U' ? 8 : 0;
    int64_t value = -1;
    if (wanted && length > wanted)
        value = digits_value(text + 1, wanted, 16);
    else if (!wanted && length >= 3)
        value = digits_value(text, 3, 8);
    *is_byte = wanted == 0 || wanted == 2;
    if (value < 0 || (*is_byte && value > 255) || value > 0x10ffff ||
        (!*is_byte && value >= 0xd800 && value < 0xe000))
        return 0;
    *code = (uint32_t)value;
    return wanted ? wanted + 1 : 3;
}

/* The inside of a quoted text without its escapes; false when one is misspelt. */
static bool unquote(struct slice inside, char quote, char *out, size_t *length)
{
    size_t n = 0;
    for (size_t i = 0; i < inside.length;) {
        if (inside.data[i] != '\\') {
            out[n++] = inside.data[i++];
            continue;
        }
        uint32_t code;
        bool is_byte;
        size_t used =
            read_escape(inside.data + i + 1, inside.length - i - 1, quote, &code, &is_byte);
        if (used == 0)
            return false;
        if (is_byte)
            out[n++] = (char)code;
        else
            n += utf8_encode(code, out + n); /* never longer than its escape */
        i += used + 1;
    }
    *length = n;
    return true;
}

static bool text_constant(struct go_value *out, struct go_token token, struct arena *arena,
                          struct error *err)
{
    struct slice inside = { token.text.data + 1, token.text.length - 2 };
    char *copy = arena_copy(arena, inside);
    if (!copy)
        return fail_memory(err, inside.length, "a template");
    size_t length = 0;
    if (token.kind == GO_TOKEN_RAW_STRING) {
        for (size_t i = 0; i < inside.length; i++) /* Go leaves carriage returns out */
            if (inside.data[i] != '\r')
                copy[length++] = inside.data[i];
    } else if (!unquote(inside, '"', copy, &length)) {
        return fail_at(err, token, "misspelt escape in a quoted text");
    }
    *out = go_text((struct slice){ copy, length });
    return true;
}

static bool character_constant(struct go_value *out, struct go_token token, struct error *err)
{
    struct slice inside = { token.text.data + 1, token.text.length - 2 };
    const uint8_t *bytes = (const uint8_t *)inside.data;
    uint32_t code = 0;
    bool is_byte, ok = false;
    if (inside.length > 0 && inside.data[0] == '\\') {
        ok = read_escape(inside.data + 1, inside.length - 1, '\'', &code, &is_byte) ==
             inside.length - 1;
    } else if (inside.length > 0 && utf8_length(bytes, inside.length) == inside.length) {
        code = utf8_decode(bytes, inside.length);
        ok = true;
    }
    if (!ok)
        return fail_at(err, token, "malformed character");
    *out = go_int(code);
    return true;
}

static bool is_whole(const char *number)
{
    bool is_hex =
        (number[0] == '0' || ((number[0] == '+' || number[0] == '-') && number[1] == '0')) &&
        strpbrk(number, "xX");
    return !strpbrk(number, is_hex ? ".pP" : ".eEpP");
}

/* Go's base prefixes: 0x, 0o, 0b, and a plain 0 for octal. */
static bool read_whole(const char *number, int64_t *value)
{
    const char *digits = number + (number[0] == '+' || number[0] == '-');
    int base = 10;
    if (digits[0] == '0' && digits[1]) {
        base = digits[1] == 'x' || digits[1] == 'X'   ? 16
               : digits[1] == 'b' || digits[1] == 'B' ? 2
                                                      : 8;
        digits += strpbrk(digits, "xXoObB") == digits + 1 ? 2 : 1;
    }
    char *end;
    errno = 0;
    unsigned long long magnitude = strtoull(digits, &end, base);
    if (errno || *end || end == digits || *digits == '+' || *digits == '-' || magnitude > INT64_MAX)
        return false;
    *value = number[0] == '-' ? -(int64_t)magnitude : (int64_t)magnitude;
    return true;
}

static bool number_constant(struct go_value *out, struct go_token token, struct error *err)
{
    char number[80];
    size_t n = 0;
    for (size_t i = 0; i < token.text.length && n + 1 < sizeof number; i++)
        if (token.text.data[i] != '_')
            number[n++] = token.text.data[i];
    number[n] = 0;
    int64_t whole;
    char *end;
    if (n + 1 == sizeof number)
        return fail_at(err, token, "a number is too long");
    if (is_whole(number)) {
        if (!read_whole(number, &whole))
            return fail_at(err, token, "not a number that fits 64 bits");
        *out = go_int(whole);
        return true;
    }
    double real = strtod(number, &end);
    if (*end || end == number || real - real != 0)
        return fail_at(err, token, "a number is misspelt");
    *out = (struct go_value){ .kind = GO_REAL, .real = real };
    return true;
}

bool go_constant(struct go_value *out, struct go_token token, struct arena *arena,
                 struct error *err)
{
    if (token.kind == GO_TOKEN_NUMBER)
        return number_constant(out, token, err);
    if (token.kind == GO_TOKEN_CHARACTER)
        return character_constant(out, token, err);
    return text_constant(out, token, arena, err);
}
