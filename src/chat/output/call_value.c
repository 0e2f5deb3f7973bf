#include "chat/output/call_value.h"

#include "base/json.h"
#include "base/utf8.h"
#include "chat/output/call_arguments.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NUMBER_BYTES = 400 };

static bool written(bool ok, const struct text *out, struct error *err)
{
    return ok || fail_memory(err, out->length, "a value of a call");
}

bool write_string_value(struct text *out, struct slice bytes, struct error *err)
{
    return written(json_write_string(out, bytes), out, err);
}

bool write_word_value(struct text *out, const char *word, struct error *err)
{
    return written(text_append_string(out, word), out, err);
}

bool is_unreadable_only(const struct error *problem, struct error *err)
{
    if (problem->code == ERROR_FORMAT || problem->code == ERROR_BUDGET)
        return true;
    if (err && problem->code != ERROR_NONE) /* the receiver of events says for itself what failed */
        *err = *problem;
    return false;
}

/* ---- numbers ---- */

static size_t digits_at(struct slice text, size_t i)
{
    size_t begin = i;
    while (i < text.length && text.data[i] >= '0' && text.data[i] <= '9')
        i++;
    return i - begin;
}

bool is_number(struct slice text)
{
    size_t i = text.length && (text.data[0] == '-' || text.data[0] == '+');
    size_t whole = digits_at(text, i), fraction = 0;
    i += whole;
    if (i < text.length && text.data[i] == '.') {
        fraction = digits_at(text, i + 1);
        i += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (i < text.length && (text.data[i] == 'e' || text.data[i] == 'E')) {
        i++;
        i += i < text.length && (text.data[i] == '-' || text.data[i] == '+');
        size_t exponent = digits_at(text, i);
        if (exponent == 0)
            return false;
        i += exponent;
    }
    return i == text.length;
}

/* The fewest digits that read back as the same number. */
static bool write_real(struct text *out, double value, struct error *err)
{
    char digits[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    return write_word_value(out, digits, err);
}

/* All digits of an integer, however many; neither "+1" nor "007" is JSON. */
static bool write_integer(struct text *out, struct slice digits, struct error *err)
{
    size_t sign = digits.data[0] == '-' || digits.data[0] == '+', i = sign;
    while (i + 1 < digits.length && digits.data[i] == '0')
        i++;
    bool ok = (digits.data[0] != '-' || text_append_byte(out, '-')) &&
              text_append(out, digits.data + i, digits.length - i);
    return written(ok, out, err);
}

bool write_number_value(struct text *out, struct slice text, struct error *err)
{
    char digits[NUMBER_BYTES + 1];
    if (!is_number(text) || text.length > NUMBER_BYTES)
        return fail(err, ERROR_FORMAT, "'%s' is no number", printable(text));
    memcpy(digits, text.data, text.length);
    digits[text.length] = '\0';
    if (strspn(digits, "+-0123456789") == text.length)
        return write_integer(out, text, err);
    double value = strtod(digits, NULL);
    if (!isfinite(value))
        return fail(err, ERROR_FORMAT, "the number '%s' is too large", printable(text));
    return write_real(out, value, err);
}

/* ---- JSON ---- */

struct json_reader {
    struct slice text;
    size_t at;
    int depth;
};

static bool unreadable(const struct json_reader *r, struct error *err)
{
    return fail(err, ERROR_FORMAT, "byte %zu of a tool call is not JSON: '%s'", r->at,
                printable(r->text));
}

static int peek(struct json_reader *r)
{
    while (r->at < r->text.length && memchr(" \t\r\n", r->text.data[r->at], 4))
        r->at++;
    return r->at < r->text.length ? (unsigned char)r->text.data[r->at] : -1;
}

static bool take(struct json_reader *r, char c)
{
    bool is_there = peek(r) == (unsigned char)c;
    r->at += is_there;
    return is_there;
}

/* The value of the four digits of \uXXXX that begin at `at`; -1 when there are none. */
static int32_t hex_at(const struct json_reader *r, size_t at)
{
    int32_t value = 0;
    if (r->text.length < 4 || at > r->text.length - 4)
        return -1;
    for (size_t i = at; i < at + 4; i++) {
        static const char hex[] = "0123456789abcdef";
        const char *digit = memchr(hex, r->text.data[i] | 0x20, 16);
        if (!digit)
            return -1;
        value = value * 16 + (int32_t)(digit - hex);
    }
    return value;
}

/* \uXXXX, of which two may make one character; half of such a pair becomes U+FFFD. */
static bool read_unicode(struct json_reader *r, struct text *out, struct error *err)
{
    char bytes[4];
    int32_t c = hex_at(r, r->at);
    if (c < 0)
        return unreadable(r, err);
    r->at += 4;
    bool is_high = c >= 0xd800 && c < 0xdc00, is_low = c >= 0xdc00 && c < 0xe000;
    bool has_more = r->text.length - r->at >= 6 && memcmp(r->text.data + r->at, "\\u", 2) == 0;
    int32_t low = is_high && has_more ? hex_at(r, r->at + 2) : -1;
    if (low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        r->at += 6;
    } else if (is_high || is_low)
        c = 0xfffd;
    return written(text_append(out, bytes, utf8_encode((uint32_t)c, bytes)), out, err);
}

static bool read_escape(struct json_reader *r, struct text *out, struct error *err)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    if (r->at == r->text.length)
        return unreadable(r, err);
    char c = r->text.data[r->at++];
    if (c == 'u')
        return read_unicode(r, out, err);
    const char *name = memchr(names, c, sizeof names - 1);
    if (!name)
        return unreadable(r, err);
    return written(text_append_byte(out, values[name - names]), out, err);
}

/* The bytes of a string whose first quote is read. */
static bool read_string(struct json_reader *r, struct text *out, struct error *err)
{
    while (r->at < r->text.length) {
        size_t begin = r->at;
        while (r->at < r->text.length && r->text.data[r->at] != '"' &&
               r->text.data[r->at] != '\\') {
            if ((unsigned char)r->text.data[r->at] < 0x20)
                return unreadable(r, err);
            r->at++;
        }
        if (!text_append(out, r->text.data + begin, r->at - begin))
            return written(false, out, err);
        if (r->at == r->text.length)
            break;
        if (r->text.data[r->at++] == '"')
            return true;
        if (!read_escape(r, out, err))
            return false;
    }
    return unreadable(r, err);
}

static bool copy_value(struct json_reader *r, struct text *out, struct error *err);

static bool copy_member(struct json_reader *r, struct call_arguments *members, struct error *err)
{
    struct text name, *value;
    text_init(&name, SIZE_MAX);
    bool ok = take(r, '"') || unreadable(r, err);
    ok = ok && read_string(r, &name, err) && (take(r, ':') || unreadable(r, err)) &&
         call_arguments_set(members, text_slice(&name), &value, err) && copy_value(r, value, err);
    text_release(&name);
    return ok;
}

static bool copy_object(struct json_reader *r, struct text *out, struct error *err)
{
    struct call_arguments members;
    call_arguments_init(&members);
    bool ok = true, is_closed = take(r, '}');
    while (ok && !is_closed) {
        ok = copy_member(r, &members, err);
        is_closed = ok && take(r, '}');
        if (ok && !is_closed)
            ok = take(r, ',') || unreadable(r, err);
    }
    ok = ok && call_arguments_write(&members, out, err);
    call_arguments_release(&members);
    return ok;
}

static bool copy_array(struct json_reader *r, struct text *out, struct error *err)
{
    bool ok = write_word_value(out, "[", err), is_closed = take(r, ']');
    while (ok && !is_closed) {
        ok = copy_value(r, out, err);
        is_closed = ok && take(r, ']');
        if (ok && !is_closed)
            ok = (take(r, ',') || unreadable(r, err)) && write_word_value(out, ",", err);
    }
    return ok && write_word_value(out, "]", err);
}

static bool copy_string(struct json_reader *r, struct text *out, struct error *err)
{
    struct text bytes;
    text_init(&bytes, SIZE_MAX);
    bool ok = read_string(r, &bytes, err) && write_string_value(out, text_slice(&bytes), err);
    text_release(&bytes);
    return ok;
}

/* JSON has no leading '+' or '0', and no '.' without digits around it. */
static bool is_json_number(struct slice text)
{
    size_t sign = text.length && text.data[0] == '-', whole = digits_at(text, sign);
    size_t point = sign + whole;
    if (whole == 0 || (whole > 1 && text.data[sign] == '0'))
        return false;
    if (point < text.length && text.data[point] == '.' && digits_at(text, point + 1) == 0)
        return false;
    return is_number(text);
}

static bool copy_word(struct json_reader *r, struct text *out, struct error *err)
{
    static const char *const words[] = { "true", "false", "null" };
    size_t begin = r->at;
    while (r->at < r->text.length && !memchr(" \t\r\n,:]}[{\"", r->text.data[r->at], 11))
        r->at++;
    struct slice word = { r->text.data + begin, r->at - begin };
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (slice_equal(word, slice_of(words[i])))
            return write_word_value(out, words[i], err);
    return is_json_number(word) ? write_number_value(out, word, err) : unreadable(r, err);
}

static bool copy_value(struct json_reader *r, struct text *out, struct error *err)
{
    if (r->depth == VALUE_DEPTH)
        return fail(err, ERROR_FORMAT, "a tool call is nested more than %d deep", VALUE_DEPTH);
    bool ok;
    r->depth++;
    if (take(r, '{'))
        ok = copy_object(r, out, err);
    else if (take(r, '['))
        ok = copy_array(r, out, err);
    else if (take(r, '"'))
        ok = copy_string(r, out, err);
    else
        ok = copy_word(r, out, err);
    r->depth--;
    return ok;
}

bool write_json_value(struct text *out, struct slice json, struct error *err)
{
    struct json_reader r = { .text = json };
    if (!copy_value(&r, out, err))
        return false;
    return peek(&r) == -1 || unreadable(&r, err);
}

bool write_json_object(struct text *out, struct slice json, struct error *err)
{
    struct json_reader r = { .text = json };
    size_t begin = out->length;
    int first = peek(&r);
    if (first != '{' && first != 'n')
        return unreadable(&r, err);
    if (!write_json_value(out, json, err))
        return false;
    if (first == '{')
        return true;
    text_truncate(out, begin);
    return write_word_value(out, "{}", err);
}

/* ---- brackets ---- */

bool find_brackets_end(struct bracket_scan *scan, struct slice text)
{
    while (scan->at < text.length) {
        char c = text.data[scan->at++];
        if (scan->in_string) {
            scan->in_string = c != '"' || scan->is_escaped;
            scan->is_escaped = c == '\\' && !scan->is_escaped;
        } else if (c == '"')
            scan->in_string = true;
        else if (c == '{' || c == '[')
            scan->depth++;
        else if ((c == '}' || c == ']') && --scan->depth == 0)
            return true;
    }
    return false;
}
