#include "chat/gotemplate/go_format.h"

#include <stdio.h>

#include "base/utf8.h"

/* Wider or more precise than this is an error of the template. */
enum { MAX_WIDTH = 10000, MAX_PRECISION = 200 };

/* One verb of a format with its flags. */
struct verb {
    bool plus, minus, sharp, space, zero, has_width, has_precision, bad_width, bad_precision;
    int width, precision;
    struct slice letter; /* one character, perhaps of several bytes */
};

static bool is_verb(const struct verb *v, const char *letters)
{
    return v->letter.length == 1 && v->letter.data[0] && strchr(letters, v->letter.data[0]);
}

static bool append_repeated(struct text *out, char byte, size_t n)
{
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++)
        ok = text_append_byte(out, byte);
    return ok;
}

static size_t count_characters(struct slice text)
{
    size_t n = 0;
    for (size_t i = 0; i < text.length; n++) {
        size_t length = utf8_length((const uint8_t *)text.data + i, text.length - i);
        i += length ? length : 1;
    }
    return n;
}

/* `text` in the verb's width; zeros go behind a sign. */
static bool append_padded(struct text *out, const struct verb *v, struct slice text, bool is_number)
{
    size_t shown = count_characters(text);
    size_t missing = v->has_width && (size_t)v->width > shown ? (size_t)v->width - shown : 0;
    if (v->minus)
        return text_append_slice(out, text) && append_repeated(out, ' ', missing);
    if (!v->zero || !is_number)
        return append_repeated(out, ' ', missing) && text_append_slice(out, text);
    size_t sign = text.length > 0 && strchr("+- ", text.data[0]) && text.data[0];
    return text_append(out, text.data, sign) && append_repeated(out, '0', missing) &&
           text_append(out, text.data + sign, text.length - sign);
}

static const char *type_name(struct go_value value)
{
    static const char *const names[] = {
        [GO_NONE] = "<nil>",    [GO_NIL] = "<nil>",           [GO_BOOL] = "bool",
        [GO_INT] = "int",       [GO_BYTE] = "uint8",          [GO_REAL] = "float64",
        [GO_TEXT] = "string",   [GO_LIST] = "[]interface {}", [GO_MAP] = "map[string]interface {}",
        [GO_STRUCT] = "struct",
    };
    return names[value.kind];
}

/* %!d(string=abc) */
static bool append_bad_verb(struct text *out, const struct verb *v, struct go_value value)
{
    bool is_nil = value.kind == GO_NONE || value.kind == GO_NIL;
    return text_append_string(out, "%!") && text_append_slice(out, v->letter) &&
           text_append_byte(out, '(') && text_append_string(out, type_name(value)) &&
           (is_nil || (text_append_byte(out, '=') && go_print(out, value, true))) &&
           text_append_byte(out, ')');
}

static bool append_binary(struct text *out, uint64_t magnitude)
{
    int bit = 63;
    while (bit > 0 && !(magnitude >> bit & 1))
        bit--;
    bool ok = true;
    for (; ok && bit >= 0; bit--)
        ok = text_append_byte(out, (char)('0' + (magnitude >> bit & 1)));
    return ok;
}

static bool append_character(struct text *out, const struct verb *v, int64_t code, bool quoted)
{
    char bytes[4];
    bool valid = code >= 0 && code <= 0x10ffff && !(code >= 0xd800 && code < 0xe000);
    struct slice text = { bytes, utf8_encode(valid ? (uint32_t)code : 0xfffd, bytes) };
    if (!quoted)
        return append_padded(out, v, text, false);
    return text_append_byte(out, '\'') && text_append_slice(out, text) &&
           text_append_byte(out, '\'');
}

static bool append_integer(struct text *out, const struct verb *v, int64_t value)
{
    if (is_verb(v, "cq"))
        return append_character(out, v, value, is_verb(v, "q"));
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    struct text digits;
    text_init(&digits, 200);
    const char *sign = value < 0 ? "-" : v->plus ? "+" : v->space ? " " : "";
    bool ok = text_append_string(&digits, sign);
    if (is_verb(v, "b"))
        ok = ok && (!v->sharp || text_append_string(&digits, "0b")) &&
             append_binary(&digits, magnitude);
    else if (is_verb(v, "U"))
        ok = ok && text_printf(&digits, "U+%04" PRIX64, magnitude);
    else if (is_verb(v, "oO"))
        ok = ok &&
             text_append_string(&digits, is_verb(v, "O") ? "0o"
                                         : v->sharp      ? "0"
                                                         : "") &&
             text_printf(&digits, "%" PRIo64, magnitude);
    else if (is_verb(v, "xX"))
        ok = ok && (!v->sharp || text_append_string(&digits, is_verb(v, "x") ? "0x" : "0X")) &&
             text_printf(&digits, is_verb(v, "x") ? "%" PRIx64 : "%" PRIX64, magnitude);
    else
        ok = ok && text_printf(&digits, "%" PRIu64, magnitude);
    ok = ok && append_padded(out, v, text_slice(&digits), true);
    text_release(&digits);
    return ok;
}

static bool append_real(struct text *out, const struct verb *v, double value)
{
    struct text digits;
    text_init(&digits, 1000);
    bool ok = value < 0 || !(v->plus || v->space) || text_append_byte(&digits, v->plus ? '+' : ' ');
    int precision = v->has_precision ? v->precision : 6;
    if (is_verb(v, "eE"))
        ok = ok && text_printf(&digits, is_verb(v, "e") ? "%.*e" : "%.*E", precision, value);
    else if (is_verb(v, "fF"))
        ok = ok && text_printf(&digits, "%.*f", precision, value);
    else if (v->has_precision)
        ok = ok && text_printf(&digits, is_verb(v, "G") ? "%.*G" : "%.*g", precision, value);
    else
        ok = ok && go_write_real(&digits, value);
    ok = ok && append_padded(out, v, text_slice(&digits), true);
    text_release(&digits);
    return ok;
}

static struct slice cut_to_precision(const struct verb *v, struct slice text)
{
    size_t end = 0;
    for (int n = 0; v->has_precision && n < v->precision && end < text.length; n++) {
        size_t length = utf8_length((const uint8_t *)text.data + end, text.length - end);
        end += length ? length : 1;
    }
    return v->has_precision ? (struct slice){ text.data, end } : text;
}

static bool append_hex_bytes(struct text *out, const struct verb *v, struct slice text)
{
    const char *digits = is_verb(v, "x") ? "0123456789abcdef" : "0123456789ABCDEF";
    bool ok = true;
    for (size_t i = 0; ok && i < text.length; i++) {
        uint8_t byte = (uint8_t)text.data[i];
        const char both[] = { digits[byte / 16], digits[byte % 16] };
        ok = (!v->space || i == 0 || text_append_byte(out, ' ')) && text_append(out, both, 2);
    }
    return ok;
}

static bool append_text(struct text *out, const struct verb *v, struct slice text)
{
    text = cut_to_precision(v, text);
    if (is_verb(v, "s") || (is_verb(v, "v") && !v->sharp))
        return append_padded(out, v, text, false);
    struct text shown;
    text_init(&shown, out->limit);
    bool ok = is_verb(v, "xX") ? append_hex_bytes(&shown, v, text) : go_write_quoted(&shown, text);
    ok = ok && append_padded(out, v, text_slice(&shown), false);
    text_release(&shown);
    return ok;
}

static bool append_value(struct text *out, const struct verb *v, struct go_value value);

static bool append_items(struct text *out, const struct verb *v, struct go_value value)
{
    bool in_go = v->sharp && is_verb(v, "v");
    bool ok = text_append_string(out, in_go ? "[]interface {}{" : "[");
    for (size_t i = 0; ok && i < value.count; i++)
        ok = (i == 0 || text_append_string(out, in_go ? ", " : " ")) &&
             append_value(out, v, value.items[i]);
    return ok && text_append_byte(out, in_go ? '}' : ']');
}

static bool append_members(struct text *out, const struct verb *v, struct go_value value)
{
    bool is_map = value.kind == GO_MAP, in_go = v->sharp && is_verb(v, "v");
    bool with_keys = is_map || in_go || (v->plus && is_verb(v, "v"));
    bool ok = text_append_string(out, !is_map ? "{" : in_go ? "map[string]interface {}{" : "map[");
    for (size_t i = 0; ok && i < value.count; i++) {
        const struct go_member *m = &value.members[i];
        ok = i == 0 || text_append_string(out, in_go ? ", " : " ");
        if (with_keys)
            ok =
                ok &&
                (is_map ? append_value(out, v, go_text(m->key)) : text_append_slice(out, m->key)) &&
                text_append_byte(out, ':');
        ok = ok && append_value(out, v, m->value);
    }
    return ok && text_append_byte(out, is_map && !in_go ? ']' : '}');
}

/* A value that has a text of its own, for verbs that want one. */
static bool append_own_text(struct text *out, const struct verb *v, struct go_value value)
{
    struct text own;
    text_init(&own, out->limit);
    bool ok = go_print(&own, value, true) && append_text(out, v, text_slice(&own));
    text_release(&own);
    return ok;
}

static bool append_value(struct text *out, const struct verb *v, struct go_value value)
{
    bool plain = is_verb(v, "v");
    if ((value.prints_json || value.is_type_list) && is_verb(v, "vsxXq") && !v->sharp)
        return append_own_text(out, v, value);
    switch (value.kind) {
    case GO_NONE:
    case GO_NIL:
        return plain ? append_padded(out, v, slice_of("<nil>"), false)
                     : append_bad_verb(out, v, value);
    case GO_BOOL:
        return plain || is_verb(v, "t")
                   ? append_padded(out, v, slice_of(value.flag ? "true" : "false"), false)
                   : append_bad_verb(out, v, value);
    case GO_INT:
    case GO_BYTE:
        return is_verb(v, "vbdoOxXcqU") ? append_integer(out, v, value.integer)
                                        : append_bad_verb(out, v, value);
    case GO_REAL:
        return is_verb(v, "veEfFgG") ? append_real(out, v, value.real)
                                     : append_bad_verb(out, v, value);
    case GO_TEXT:
        return is_verb(v, "vsxXq") ? append_text(out, v, value.text)
                                   : append_bad_verb(out, v, value);
    case GO_LIST:
        return append_items(out, v, value);
    case GO_MAP:
    case GO_STRUCT:
        return append_members(out, v, value);
    }
    return true;
}

/* The arguments of one printf call, taken in order. */
struct supply {
    const struct go_value *arguments;
    size_t count, taken;
};

/* A number in the format, or `*`; how many bytes it takes. */
static size_t read_size(struct slice rest, struct supply *s, int most, int *value, bool *found,
                        bool *bad)
{
    size_t n = 0;
    *found = false;
    if (rest.length > 0 && rest.data[0] == '*') {
        bool usable = s->taken < s->count && s->arguments[s->taken].kind == GO_INT;
        int64_t given = usable ? s->arguments[s->taken].integer : 0;
        s->taken += s->taken < s->count;
        *found = usable && given >= -most && given <= most;
        *bad = !*found;
        *value = *found ? (int)given : 0;
        return 1;
    }
    for (*value = 0; n < rest.length && rest.data[n] >= '0' && rest.data[n] <= '9'; n++)
        *value = *value > most ? most + 1 : *value * 10 + (rest.data[n] - '0');
    *found = n > 0 && *value <= most;
    *bad = n > 0 && !*found;
    return n;
}

static struct slice after(struct slice text, size_t n)
{
    return (struct slice){ text.data + n, text.length - n };
}

/* Flags, width, precision and letter; what is left of the format. */
static struct slice read_verb(struct slice rest, struct supply *s, struct verb *v)
{
    *v = (struct verb){ .precision = 0 };
    for (; rest.length > 0 && strchr("+-# 0", rest.data[0]) && rest.data[0];
         rest = after(rest, 1)) {
        v->plus |= rest.data[0] == '+';
        v->minus |= rest.data[0] == '-';
        v->sharp |= rest.data[0] == '#';
        v->space |= rest.data[0] == ' ';
        v->zero |= rest.data[0] == '0';
    }
    rest = after(rest, read_size(rest, s, MAX_WIDTH, &v->width, &v->has_width, &v->bad_width));
    if (v->has_width && v->width < 0) {
        v->minus = true;
        v->width = -v->width;
    }
    if (rest.length > 0 && rest.data[0] == '.') {
        rest = after(rest, 1);
        rest = after(rest, read_size(rest, s, MAX_PRECISION, &v->precision, &v->has_precision,
                                     &v->bad_precision));
        v->has_precision = !v->bad_precision && v->precision >= 0; /* a lone point means 0 */
    }
    if (rest.length > 0) {
        size_t length = utf8_length((const uint8_t *)rest.data, rest.length);
        v->letter = (struct slice){ rest.data, length ? length : 1 };
        rest = after(rest, v->letter.length);
    }
    return rest;
}

static bool append_verb(struct text *out, const struct verb *v, struct supply *s)
{
    if ((v->bad_width && !text_append_string(out, "%!(BADWIDTH)")) ||
        (v->bad_precision && !text_append_string(out, "%!(BADPREC)")))
        return false;
    if (v->letter.length == 0)
        return text_append_string(out, "%!(NOVERB)");
    if (is_verb(v, "%"))
        return text_append_byte(out, '%');
    if (s->taken == s->count)
        return text_append_string(out, "%!") && text_append_slice(out, v->letter) &&
               text_append_string(out, "(MISSING)");
    struct go_value value = s->arguments[s->taken++];
    if (is_verb(v, "T"))
        return append_padded(out, v, slice_of(type_name(value)), false);
    return append_value(out, v, value);
}

static bool append_extra(struct text *out, const struct supply *s)
{
    bool ok = text_append_string(out, "%!(EXTRA ");
    for (size_t i = s->taken; ok && i < s->count; i++) {
        struct go_value value = s->arguments[i];
        bool is_nil = value.kind == GO_NONE || value.kind == GO_NIL;
        ok = (i == s->taken || text_append_string(out, ", ")) &&
             text_append_string(out, type_name(value)) &&
             (is_nil || (text_append_byte(out, '=') && go_print(out, value, true)));
    }
    return ok && text_append_byte(out, ')');
}

bool go_printf(struct text *out, struct slice format, const struct go_value *arguments,
               size_t count)
{
    struct supply s = { arguments, count, 0 };
    while (format.length > 0) {
        size_t plain = 0;
        while (plain < format.length && format.data[plain] != '%')
            plain++;
        if (!text_append(out, format.data, plain))
            return false;
        if (plain == format.length)
            break;
        struct verb verb;
        format = read_verb(after(format, plain + 1), &s, &verb);
        if (!append_verb(out, &verb, &s))
            return false;
    }
    return s.taken == s.count || append_extra(out, &s);
}
