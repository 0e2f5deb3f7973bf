#include "chat/gotemplate/go_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

/* A positive number as digits without trailing zeros and the power of ten in front of them: 0.ddd
 * times ten to the point. */
struct decimal {
    char digits[24];
    int count, point;
};

static void drop_zeros(struct decimal *d)
{
    while (d->count > 1 && d->digits[d->count - 1] == '0')
        d->count--;
}

/* Numbers of a few digits, such as people write: whole once multiplied by a small power of ten.
 * Divided by it again, they round to what they were exactly when their digits stand for them. */
static bool is_short(double magnitude, struct decimal *d)
{
    double scale = 1;
    for (int places = 0; places <= 4; places++, scale *= 10) {
        double whole = floor(magnitude * scale + 0.5);
        if (whole >= 1e15 || whole / scale != magnitude)
            continue;
        char reversed[24];
        d->count = 0;
        for (uint64_t rest = (uint64_t)whole; rest > 0; rest /= 10)
            reversed[d->count++] = (char)('0' + rest % 10);
        for (int i = 0; i < d->count; i++)
            d->digits[i] = reversed[d->count - 1 - i];
        d->point = d->count - places;
        drop_zeros(d);
        return true;
    }
    return false;
}

/* Fifteen digits are exact whenever fewer would be, and seventeen always are. */
static struct decimal shortest_decimal(double magnitude)
{
    struct decimal d = { .count = 0 };
    char written[40];
    int digits = 15;
    if (is_short(magnitude, &d))
        return d;
    do
        snprintf(written, sizeof written, "%.*e", digits - 1, magnitude);
    while (digits++ < 17 && strtod(written, NULL) != magnitude);
    d.count = 0;
    for (const char *c = written; *c != 'e'; c++)
        if (*c != '.')
            d.digits[d.count++] = *c;
    d.point = atoi(strchr(written, 'e') + 1) + 1;
    drop_zeros(&d);
    return d;
}

/* The number's sign, or the whole of it when it has no digits. */
static bool write_special(struct text *out, double value, bool *done)
{
    *done = !isfinite(value);
    if (isnan(value))
        return text_append_string(out, "NaN");
    if (isinf(value))
        return text_append_string(out, value > 0 ? "+Inf" : "-Inf");
    return !signbit(value) || text_append_byte(out, '-');
}

static bool write_plain(struct text *out, const struct decimal *d)
{
    bool ok = d->point > 0 || text_append_string(out, "0");
    for (int i = 0; ok && i < d->point; i++)
        ok = text_append_byte(out, i < d->count ? d->digits[i] : '0');
    ok = ok && (d->point >= d->count || text_append_byte(out, '.'));
    for (int i = d->point; ok && i < d->count; i++)
        ok = text_append_byte(out, i >= 0 ? d->digits[i] : '0');
    return ok;
}

static bool write_scientific(struct text *out, const struct decimal *d, const char *exponent_format)
{
    int exponent = d->point - 1;
    return text_append_byte(out, d->digits[0]) && (d->count == 1 || text_append_byte(out, '.')) &&
           text_append(out, d->digits + 1, (size_t)d->count - 1) && text_append_byte(out, 'e') &&
           text_append_byte(out, exponent < 0 ? '-' : '+') &&
           text_printf(out, exponent_format, abs(exponent));
}

bool go_write_real(struct text *out, double value)
{
    bool done;
    if (!write_special(out, value, &done))
        return false;
    if (done)
        return true;
    if (value == 0)
        return text_append_byte(out, '0');
    struct decimal d = shortest_decimal(fabs(value));
    return d.point - 1 < -4 || d.point - 1 >= 6 ? write_scientific(out, &d, "%02d")
                                                : write_plain(out, &d);
}

static bool write_json_real(struct text *out, double value)
{
    bool done;
    if (!isfinite(value))
        return text_append_string(out, "null");
    if (!write_special(out, value, &done))
        return false;
    if (value == 0)
        return text_append_byte(out, '0');
    struct decimal d = shortest_decimal(fabs(value));
    return d.point - 1 < -6 || d.point - 1 >= 21
               ? write_scientific(out, &d, d.point < 1 ? "%d" : "%02d")
               : write_plain(out, &d);
}

static bool write_json_text(struct text *out, struct slice text)
{
    static const char escaped[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    bool ok = text_append_byte(out, '"');
    for (size_t i = 0; ok && i < text.length;) {
        const uint8_t *p = (const uint8_t *)text.data + i;
        size_t length = utf8_length(p, text.length - i);
        const char *simple = *p ? strchr(escaped, *p) : NULL;
        uint32_t code = length ? utf8_decode(p, length) : 0xfffd;
        if (simple)
            ok = text_append_byte(out, '\\') && text_append_byte(out, names[simple - escaped]);
        else if (length == 0 || code < ' ' || code == '<' || code == '>' || code == '&' ||
                 code == 0x2028 || code == 0x2029)
            ok = text_printf(out, "\\u%04x", code);
        else
            ok = text_append(out, p, length);
        i += length ? length : 1;
    }
    return ok && text_append_byte(out, '"');
}

static bool write_json_members(struct text *out, struct go_value value)
{
    bool ok = text_append_byte(out, '{'), first = true;
    for (size_t i = 0; ok && i < value.count; i++) {
        const struct go_member *m = &value.members[i];
        if (m->omitted_if_empty && go_is_empty(m->value))
            continue;
        ok = (first || text_append_byte(out, ',')) &&
             write_json_text(out, m->json_key ? slice_of(m->json_key) : m->key) &&
             text_append_byte(out, ':') && go_write_json(out, m->value);
        first = false;
    }
    return ok && text_append_byte(out, '}');
}

static bool write_json_items(struct text *out, struct go_value value)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < value.count; i++)
        ok = (i == 0 || text_append_byte(out, ',')) && go_write_json(out, value.items[i]);
    return ok && text_append_byte(out, ']');
}

bool go_write_json(struct text *out, struct go_value value)
{
    switch (value.kind) {
    case GO_NONE:
    case GO_NIL:
        return text_append_string(out, "null");
    case GO_BOOL:
        return text_append_string(out, value.flag ? "true" : "false");
    case GO_INT:
    case GO_BYTE:
        return text_printf(out, "%" PRId64, value.integer);
    case GO_REAL:
        return write_json_real(out, value.real);
    case GO_TEXT:
        return write_json_text(out, value.text);
    case GO_LIST:
        if (value.is_type_list && value.count == 1)
            return go_write_json(out, value.items[0]);
        return value.is_absent ? text_append_string(out, "null") : write_json_items(out, value);
    case GO_MAP:
    case GO_STRUCT:
        return value.is_absent ? text_append_string(out, "null") : write_json_members(out, value);
    }
    return true;
}

/* Whether a code point shows as itself within quotes. */
static bool is_printable(uint32_t code)
{
    return (code >= ' ' && code < 0x7f) ||
           (code > 0xa0 && code != 0xad && !(code >= 0x200b && code <= 0x200f) &&
            !(code >= 0x2028 && code <= 0x202e) && !(code >= 0xe000 && code <= 0xf8ff) &&
            code != 0xfeff && code < 0xe0000);
}

bool go_write_quoted(struct text *out, struct slice text)
{
    static const char escaped[] = "\"\\\a\b\f\n\r\t\v", names[] = "\"\\abfnrtv";
    bool ok = text_append_byte(out, '"');
    for (size_t i = 0; ok && i < text.length;) {
        const uint8_t *p = (const uint8_t *)text.data + i;
        size_t length = utf8_length(p, text.length - i);
        const char *simple = *p ? strchr(escaped, *p) : NULL;
        uint32_t code = length ? utf8_decode(p, length) : *p;
        if (simple)
            ok = text_append_byte(out, '\\') && text_append_byte(out, names[simple - escaped]);
        else if (length && is_printable(code))
            ok = text_append(out, p, length);
        else
            ok = text_printf(out,
                             length == 0 || code < 0x80 ? "\\x%02x"
                             : code < 0x10000           ? "\\u%04x"
                                                        : "\\U%08x",
                             code);
        i += length ? length : 1;
    }
    return ok && text_append_byte(out, '"');
}

static bool print_items(struct text *out, struct go_value value)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < value.count; i++)
        ok = (i == 0 || text_append_byte(out, ' ')) && go_print(out, value.items[i], true);
    return ok && text_append_byte(out, ']');
}

static bool print_members(struct text *out, struct go_value value)
{
    bool is_map = value.kind == GO_MAP;
    bool ok = text_append_string(out, is_map ? "map[" : "{");
    for (size_t i = 0; ok && i < value.count; i++) {
        const struct go_member *m = &value.members[i];
        ok = (i == 0 || text_append_byte(out, ' ')) &&
             (!is_map || (text_append_slice(out, m->key) && text_append_byte(out, ':'))) &&
             go_print(out, m->value, true);
    }
    return ok && text_append_byte(out, is_map ? ']' : '}');
}

bool go_print(struct text *out, struct go_value value, bool inside)
{
    if (value.prints_json)
        return value.kind == GO_MAP && value.is_absent ? text_append_string(out, "{}")
                                                       : go_write_json(out, value);
    switch (value.kind) {
    case GO_NONE:
    case GO_NIL:
        return text_append_string(out, inside ? "<nil>" : "<no value>");
    case GO_BOOL:
        return text_append_string(out, value.flag ? "true" : "false");
    case GO_INT:
    case GO_BYTE:
        return text_printf(out, "%" PRId64, value.integer);
    case GO_REAL:
        return go_write_real(out, value.real);
    case GO_TEXT:
        return text_append_slice(out, value.text);
    case GO_LIST:
        if (value.is_type_list && value.count < 2)
            return value.count == 0 || go_print(out, value.items[0], true);
        return print_items(out, value);
    case GO_MAP:
    case GO_STRUCT:
        return print_members(out, value);
    }
    return true;
}
