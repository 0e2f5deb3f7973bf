#include "chat/jinja/jinja_print.h"

#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_evaluate.h"
#include "chat/jinja/jinja_integer.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_loop.h"
#include "chat/jinja/jinja_unicode.h"

#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static bool print_format(struct jinja_run *run, const char *format, ...) PRINTF_LIKE(2, 3);
static bool print_format(struct jinja_run *run, const char *format, ...)
{
    char buffer[128];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(buffer, sizeof buffer, format, arguments);
    va_end(arguments);
    return jinja_write_text(run, buffer);
}

/* The significant digits of |d| without point and trailing zeros; returns the power of ten of the
 * first. 15 digits survive any round trip, so fewer need no trial of their own, but for the
 * smallest numbers, which have fewer bits. */
static int shortest_digits(double d, char *digits)
{
    char buffer[40];
    for (int n = fabs(d) < DBL_MIN ? 1 : 15; n <= 17; n++) {
        snprintf(buffer, sizeof buffer, "%.*e", n - 1, fabs(d));
        if (strtod(buffer, NULL) == fabs(d))
            break;
    }
    char *exponent = strchr(buffer, 'e');
    size_t count = 0;
    for (const char *c = buffer; c < exponent; c++)
        if (*c != '.')
            digits[count++] = *c;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    return atoi(exponent + 1);
}

bool jinja_print_float(struct jinja_run *run, double d)
{
    char digits[40];
    if (isnan(d) || isinf(d))
        return jinja_write_text(run, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
    int exponent = shortest_digits(d, digits), count = (int)strlen(digits);
    const char *sign = signbit(d) ? "-" : "";
    if (exponent < -4 || exponent >= 16)
        return print_format(run, "%s%c%s%se%c%02d", sign, digits[0], count > 1 ? "." : "",
                            digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
    if (exponent < 0)
        return print_format(run, "%s0.%.*s%s", sign, -exponent - 1, "0000", digits);
    if (count <= exponent + 1)
        return print_format(run, "%s%s%.*s.0", sign, digits, exponent + 1 - count,
                            "0000000000000000");
    return print_format(run, "%s%.*s.%s", sign, exponent + 1, digits, digits + exponent + 1);
}

/* One character inside quotes. */
static bool print_quoted_point(struct jinja_run *run, struct slice bytes, uint32_t c, char quote)
{
    if (c == '\n' || c == '\r' || c == '\t')
        return print_format(run, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    if (c == '\\' || c == (uint32_t)quote)
        return print_format(run, "\\%c", (char)c);
    if (jinja_is_printable(c))
        return jinja_write(run, bytes);
    if (c < 0x100)
        return print_format(run, "\\x%02x", c);
    return c < 0x10000 ? print_format(run, "\\u%04x", c) : print_format(run, "\\U%08x", c);
}

static bool print_quoted(struct jinja_run *run, struct slice text)
{
    bool has_single = text.length && memchr(text.data, '\'', text.length);
    bool has_double = text.length && memchr(text.data, '"', text.length);
    char quote = has_single && !has_double ? '"' : '\'';
    bool ok = jinja_spend(run, text.length / 8) && jinja_write_byte(run, quote);
    for (size_t n, i = 0; ok && i < text.length; i += n) {
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        ok = print_quoted_point(run, (struct slice){ text.data + i, n }, c, quote);
    }
    return ok && jinja_write_byte(run, quote);
}

static bool print_list(struct jinja_run *run, const struct jinja_value *v)
{
    const struct jinja_list *list = v->list;
    bool is_tuple = v->kind == JINJA_TUPLE;
    bool ok = jinja_write_byte(run, is_tuple ? '(' : '[');
    for (size_t i = 0; ok && i < list->count; i++)
        ok = (i == 0 || jinja_write_text(run, ", ")) && jinja_print_repr(run, &list->items[i]);
    if (is_tuple && list->count == 1)
        ok = ok && jinja_write_byte(run, ',');
    return ok && jinja_write_byte(run, is_tuple ? ')' : ']');
}

static bool print_dict(struct jinja_run *run, const struct jinja_dict *dict)
{
    bool ok = jinja_write_byte(run, '{');
    for (size_t i = 0; ok && i < dict->count; i++)
        ok = (i == 0 || jinja_write_text(run, ", ")) &&
             jinja_print_repr(run, &dict->entries[i].key) && jinja_write_text(run, ": ") &&
             jinja_print_repr(run, &dict->entries[i].value);
    return ok && jinja_write_byte(run, '}');
}

/* dict_items([('a', 1)]) */
static bool print_view(struct jinja_run *run, const struct jinja_value *v)
{
    struct jinja_value list;
    return jinja_to_list(run, v, JINJA_LIST, &list) && jinja_write_text(run, jinja_type_name(v)) &&
           jinja_write_byte(run, '(') && print_list(run, &list) && jinja_write_byte(run, ')');
}

static bool print_range(struct jinja_run *run, const struct jinja_range *range)
{
    if (range->step == 1)
        return print_format(run, "range(%" PRId64 ", %" PRId64 ")", range->start, range->stop);
    return print_format(run, "range(%" PRId64 ", %" PRId64 ", %" PRId64 ")", range->start,
                        range->stop, range->step);
}

static bool print_loop(struct jinja_run *run, struct jinja_loop *loop)
{
    struct jinja_value length;
    return jinja_loop_attribute(run, loop, slice_of("length"), &length) &&
           print_format(run, "<LoopContext %" PRId64 "/%" PRId64 ">", loop->index0 + 1,
                        length.integer);
}

static bool print_macro(struct jinja_run *run, const struct jinja_definition *d)
{
    if (d->name.kind != JINJA_STRING)
        return jinja_write_text(run, "<Macro anonymous>");
    return jinja_write_text(run, "<Macro ") && print_quoted(run, jinja_slice(&d->name)) &&
           jinja_write_byte(run, '>');
}

static bool print_markup(struct jinja_run *run, const struct jinja_value *v)
{
    return jinja_write_text(run, "Markup(") && print_quoted(run, jinja_slice(v)) &&
           jinja_write_byte(run, ')');
}

static bool print_value(struct jinja_run *run, const struct jinja_value *v)
{
    switch ((enum jinja_kind)v->kind) {
    case JINJA_UNDEFINED:
        return jinja_write_text(run, "Undefined");
    case JINJA_NONE:
        return jinja_write_text(run, "None");
    case JINJA_BOOL:
        return jinja_write_text(run, v->boolean ? "True" : "False");
    case JINJA_INTEGER:
        return print_format(run, "%" PRId64, v->integer);
    case JINJA_BIG:
        return jinja_integer_write(run, v, 10);
    case JINJA_FLOAT:
        return jinja_print_float(run, v->real);
    case JINJA_STRING:
        return v->detail ? print_markup(run, v) : print_quoted(run, jinja_slice(v));
    case JINJA_LIST:
    case JINJA_TUPLE:
        return print_list(run, v);
    case JINJA_DICT:
        return print_dict(run, v->dict);
    case JINJA_VIEW:
        return print_view(run, v);
    case JINJA_RANGE:
        return print_range(run, v->range);
    case JINJA_NAMESPACE:
        return jinja_write_text(run, "<Namespace ") && print_dict(run, v->dict) &&
               jinja_write_byte(run, '>');
    case JINJA_LOOP:
        return print_loop(run, v->loop);
    case JINJA_MACRO:
        return print_macro(run, v->macro->definition);
    default:
        return jinja_write_byte(run, '<') && jinja_write_text(run, jinja_type_name(v)) &&
               jinja_write_text(run, " object>");
    }
}

bool jinja_print_repr(struct jinja_run *run, const struct jinja_value *v)
{
    if (!jinja_spend(run, 2) || !jinja_enter(run)) /* a piece takes twice the time of a node */
        return false;
    bool ok = print_value(run, v);
    jinja_leave(run);
    return ok;
}

bool jinja_print(struct jinja_run *run, const struct jinja_value *v)
{
    if (v->kind == JINJA_STRING)
        return jinja_write(run, jinja_slice(v));
    return v->kind == JINJA_UNDEFINED || jinja_print_repr(run, v);
}

bool jinja_to_string(struct jinja_run *run, const struct jinja_value *v, struct jinja_value *out)
{
    size_t mark = jinja_mark(run);
    if (v->kind == JINJA_STRING) {
        *out = *v;
        return true;
    }
    return jinja_print(run, v) && jinja_take(run, mark, out);
}

bool jinja_print_escaped(struct jinja_run *run, struct slice text)
{
    bool ok = true;
    for (size_t i = 0; ok && i < text.length; i++) {
        size_t begin = i;
        while (i < text.length && !strchr("&<>\"'", text.data[i]))
            i++;
        ok = jinja_write(run, (struct slice){ text.data + begin, i - begin });
        if (i == text.length)
            break;
        char c = text.data[i];
        const char *escape = c == '&'    ? "&amp;"
                             : c == '<'  ? "&lt;"
                             : c == '>'  ? "&gt;"
                             : c == '"'  ? "&#34;"
                             : c == '\'' ? "&#39;"
                                         : "";
        ok = ok && (*escape ? jinja_write_text(run, escape) : jinja_write_byte(run, c));
    }
    return ok;
}

bool jinja_escape(struct jinja_run *run, const struct jinja_value *v, struct jinja_value *out)
{
    struct jinja_value text;
    size_t mark = jinja_mark(run);
    if (v->kind == JINJA_STRING && v->detail) {
        *out = *v;
        return true;
    }
    if (!jinja_to_string(run, v, &text) || !jinja_print_escaped(run, jinja_slice(&text)) ||
        !jinja_take(run, mark, out))
        return false;
    out->detail = 1;
    return true;
}
