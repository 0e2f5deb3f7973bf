#include "chat/jinja/jinja_format_spec.h"

#include "chat/jinja/jinja_integer.h"
#include "chat/jinja/jinja_operate.h"
#include "chat/jinja/jinja_print.h"
#include "chat/jinja/jinja_unicode.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>

enum { MOST_DIGITS_BEHIND_POINT = 500 };

static bool pad(struct jinja_run *run, const struct jinja_format_spec *spec, int64_t n)
{
    struct slice fill = spec->fill.length ? spec->fill : slice_of(" ");
    return n <= 0 || jinja_write_times(run, fill, (uint64_t)n);
}

/* `prefix` (a sign, "0x") and `body` with padding around, between or behind. */
static bool write_padded(struct jinja_run *run, const char *prefix, struct slice body,
                         const struct jinja_format_spec *spec, char default_align)
{
    char align = spec->align ? spec->align : default_align;
    int64_t used = (int64_t)(strlen(prefix) + jinja_count_points(body));
    int64_t rest = spec->width > used ? spec->width - used : 0;
    int64_t before = align == '>' ? rest : align == '^' ? rest / 2 : 0;
    int64_t between = align == '=' ? rest : 0;
    return jinja_spend_bytes(run, body.length) && pad(run, spec, before) &&
           jinja_write_text(run, prefix) && pad(run, spec, between) && jinja_write(run, body) &&
           pad(run, spec, rest - before - between);
}

bool jinja_format_text(struct jinja_run *run, struct slice text,
                       const struct jinja_format_spec *spec, char default_align)
{
    if (spec->precision >= 0)
        text.length = jinja_point_offset(text, (size_t)spec->precision);
    return jinja_spend(run, text.length / 8) && write_padded(run, "", text, spec, default_align);
}

/* The digits of a float without sign, as `type` wants them. */
static bool float_digits(struct jinja_run *run, double d, const struct jinja_format_spec *spec,
                         char *buffer, size_t room)
{
    char type = spec->type == 'n' ? 'g' : spec->type;
    int precision = spec->precision < 0 ? 6 : (int)spec->precision;
    if (spec->precision > MOST_DIGITS_BEHIND_POINT)
        return jinja_fail(run, "a number is wanted with more than %d digits behind the point",
                          MOST_DIGITS_BEHIND_POINT);
    if (isnan(d) || isinf(d)) {
        bool is_upper = type == 'F' || type == 'E' || type == 'G';
        snprintf(buffer, room, "%s%s",
                 isnan(d) ? (is_upper ? "NAN" : "nan") : (is_upper ? "INF" : "inf"),
                 type == '%' ? "%" : "");
        return true;
    }
    if (type == '%') {
        snprintf(buffer, room, "%.*f%%", precision, d * 100);
        return true;
    }
    char format[8] = "%.*g";
    if (spec->is_alternate)
        memcpy(format, "%#.*g", 6);
    format[strlen(format) - 1] = type ? type : 'g';
    snprintf(buffer, room, format, precision, d);
    if (!type && !strpbrk(buffer, ".e")) /* without a type it stays a float to see */
        strncat(buffer, ".0", room - strlen(buffer) - 1);
    return true;
}

/* Separators between groups of digits from the point to the left. */
static bool write_grouped(struct jinja_run *run, struct slice digits, char separator, size_t group)
{
    size_t whole = 0;
    while (whole < digits.length && isxdigit((unsigned char)digits.data[whole]) &&
           !(group == 3 && !isdigit((unsigned char)digits.data[whole])))
        whole++;
    bool ok = true;
    for (size_t i = 0; ok && i < whole; i++)
        ok = (i == 0 || (whole - i) % group || jinja_write_byte(run, separator)) &&
             jinja_write_byte(run, digits.data[i]);
    return ok && jinja_write(run, (struct slice){ digits.data + whole, digits.length - whole });
}

static bool finish_number(struct jinja_run *run, bool is_negative, const char *base_prefix,
                          struct slice digits, const struct jinja_format_spec *spec)
{
    char prefix[8];
    struct jinja_value grouped;
    const char *sign = is_negative ? "-" : spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "";
    snprintf(prefix, sizeof prefix, "%s%s", sign, base_prefix);
    if (spec->grouping) {
        size_t mark = jinja_mark(run), group = spec->type && strchr("boxX", spec->type) ? 4 : 3;
        if (!write_grouped(run, digits, spec->grouping, group) || !jinja_take(run, mark, &grouped))
            return false;
        digits = jinja_slice(&grouped);
    }
    return write_padded(run, prefix, digits, spec, '>');
}

static bool format_float(struct jinja_run *run, double d, const struct jinja_format_spec *spec)
{
    char buffer[1000];
    bool is_negative = signbit(d) && !isnan(d);
    if (!spec->type && spec->precision < 0) {
        size_t mark = jinja_mark(run);
        struct jinja_value digits;
        return jinja_print_float(run, fabs(d)) && jinja_take(run, mark, &digits) &&
               finish_number(run, is_negative, "", jinja_slice(&digits), spec);
    }
    return float_digits(run, fabs(d), spec, buffer, sizeof buffer) &&
           finish_number(run, is_negative, "", slice_of(buffer), spec);
}

static bool format_integer(struct jinja_run *run, const struct jinja_value *v,
                           const struct jinja_format_spec *spec)
{
    static const struct {
        char type;
        unsigned base;
        const char *prefix;
    } rows[] = { { 'b', 2, "0b" }, { 'o', 8, "0o" }, { 'x', 16, "0x" }, { 'X', 16, "0X" } };
    unsigned base = 10;
    const char *prefix = "";
    struct jinja_value digits;
    size_t mark = jinja_mark(run);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].type == spec->type) {
            base = rows[i].base;
            prefix = spec->is_alternate ? rows[i].prefix : "";
        }
    bool is_negative = jinja_integer_sign(v) < 0;
    if (!jinja_integer_write(run, v, base) || !jinja_take(run, mark, &digits))
        return false;
    struct slice text = jinja_slice(&digits);
    if (spec->type == 'X' &&
        (!jinja_write_case(run, text, JINJA_UPPER) || !jinja_take(run, mark, &digits)))
        return false;
    text = jinja_slice(&digits);
    if (is_negative)
        text = (struct slice){ text.data + 1, text.length - 1 };
    return finish_number(run, is_negative, prefix, text, spec);
}

static bool format_character(struct jinja_run *run, const struct jinja_value *v,
                             const struct jinja_format_spec *spec)
{
    size_t mark = jinja_mark(run);
    struct jinja_value text;
    int64_t c = v->kind == JINJA_BIG ? -1 : jinja_int64(v);
    if (c < 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return jinja_fail(run, "there is no character of this number");
    return jinja_write_point(run, (uint32_t)c) && jinja_take(run, mark, &text) &&
           write_padded(run, "", jinja_slice(&text), spec, '<');
}

bool jinja_format_number(struct jinja_run *run, const struct jinja_value *v,
                         const struct jinja_format_spec *spec)
{
    double d;
    if (v->kind == JINJA_FLOAT) {
        if (spec->type && !strchr("eEfFgGn%", spec->type))
            return jinja_fail(run, "a float has no form '%c'", spec->type);
        return format_float(run, v->real, spec);
    }
    if (spec->type && strchr("eEfFgG%", spec->type))
        return jinja_to_double(run, v, &d) && format_float(run, d, spec);
    if (spec->type == 'c')
        return format_character(run, v, spec);
    if (spec->type && !strchr("bdnoxX", spec->type))
        return jinja_fail(run, "an int has no form '%c'", spec->type);
    return format_integer(run, v, spec);
}
