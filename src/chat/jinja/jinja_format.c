#include "chat/jinja/jinja_format.h"

#include "chat/jinja/jinja_access.h"
#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_format_spec.h"
#include "chat/jinja/jinja_integer.h"
#include "chat/jinja/jinja_print.h"
#include "chat/jinja/jinja_unicode.h"

#include <math.h>

/* A width or precision is never larger than what could be written. */
enum { WIDEST = 1 << 30 };

static bool read_number(struct slice text, size_t *at, int64_t *out)
{
    size_t begin = *at;
    int64_t value = 0;
    for (; *at < text.length && text.data[*at] >= '0' && text.data[*at] <= '9'; ++*at)
        value = value < WIDEST ? value * 10 + (text.data[*at] - '0') : value;
    *out = *at > begin ? value : *out;
    return *at > begin;
}

/* --- '%' --- */

struct percent {
    struct slice format;
    size_t at;
    const struct jinja_value *values;
    size_t next; /* of a tuple */
};

static bool next_value(struct jinja_run *run, struct percent *p, struct jinja_value *out)
{
    bool is_tuple = p->values->kind == JINJA_TUPLE;
    size_t count = is_tuple ? p->values->list->count : 1;
    if (p->next >= count)
        return jinja_fail(run, "the format needs more than %zu values", count);
    *out = is_tuple ? p->values->list->items[p->next] : *p->values;
    p->next++;
    return true;
}

/* %(key)s */
static bool keyed_value(struct jinja_run *run, struct percent *p, bool *has_key,
                        struct jinja_value *out)
{
    *has_key = p->at < p->format.length && p->format.data[p->at] == '(';
    if (!*has_key)
        return true;
    size_t begin = ++p->at;
    while (p->at < p->format.length && p->format.data[p->at] != ')')
        p->at++;
    struct slice key = { p->format.data + begin, p->at - begin };
    if (p->at++ == p->format.length)
        return jinja_fail(run, "a format ends inside a key");
    if (p->values->kind != JINJA_DICT)
        return jinja_fail(run, "a format with keys needs a dict, not a %s",
                          jinja_type_name(p->values));
    const struct jinja_value *found = jinja_find_text(p->values->dict, key);
    if (!found)
        return jinja_fail(run, "there is no value '%s' for the format", printable(key));
    *out = *found;
    return true;
}

static bool number_or_star(struct jinja_run *run, struct percent *p, int64_t *out)
{
    struct jinja_value value;
    if (p->at >= p->format.length || p->format.data[p->at] != '*') {
        (void)read_number(p->format, &p->at, out);
        return true;
    }
    p->at++;
    return next_value(run, p, &value) && jinja_integer_argument(run, &value, "*", out);
}

static bool read_percent_spec(struct jinja_run *run, struct percent *p,
                              struct jinja_format_spec *spec)
{
    bool is_zero = false;
    spec->precision = -1;
    for (; p->at < p->format.length && memchr("-+ #0", p->format.data[p->at], 5); p->at++) {
        char c = p->format.data[p->at];
        spec->align = c == '-' ? '<' : spec->align;
        spec->sign = c == '+' ? '+' : c == ' ' && !spec->sign ? ' ' : spec->sign;
        spec->is_alternate = spec->is_alternate || c == '#';
        is_zero = is_zero || c == '0';
    }
    if (!number_or_star(run, p, &spec->width))
        return false;
    if (spec->width < 0) {
        spec->align = '<';
        spec->width = spec->width > -WIDEST ? -spec->width : WIDEST;
    }
    if (p->at < p->format.length && p->format.data[p->at] == '.') {
        p->at++;
        spec->precision = 0;
        if (!number_or_star(run, p, &spec->precision))
            return false;
    }
    while (p->at < p->format.length && memchr("hlL", p->format.data[p->at], 3))
        p->at++;
    if (p->at == p->format.length)
        return jinja_fail(run, "a format ends behind '%%'");
    spec->type = p->format.data[p->at++];
    if (is_zero && !spec->align) {
        spec->fill = slice_of("0");
        spec->align = '=';
    }
    return true;
}

static bool percent_text(struct jinja_run *run, const struct jinja_value *v,
                         struct jinja_format_spec *spec)
{
    struct jinja_value text;
    size_t mark = jinja_mark(run);
    bool ok = spec->type == 's' ? jinja_to_string(run, v, &text)
                                : jinja_print_repr(run, v) && jinja_take(run, mark, &text);
    if (spec->align == '=') { /* zeros are for numbers */
        spec->align = '\0';
        spec->fill = slice_of(" ");
    }
    return ok && jinja_format_text(run, jinja_slice(&text), spec, '>');
}

static bool percent_number(struct jinja_run *run, const struct jinja_value *v,
                           struct jinja_format_spec *spec)
{
    struct jinja_value whole = *v;
    if (!jinja_is_number(v))
        return jinja_fail(run, "the format '%%%c' needs a number, not a %s", spec->type,
                          jinja_type_name(v));
    if (strchr("diu", spec->type)) {
        if (v->kind == JINJA_FLOAT && !isfinite(v->real))
            return jinja_fail(run, "a float without a value is no int");
        if (v->kind == JINJA_FLOAT && !jinja_integer_from_double(run, v->real, &whole))
            return false;
        spec->type = 'd';
    }
    if (spec->type == 'c')
        spec->align = spec->align ? spec->align : '>';
    return jinja_format_number(run, &whole, spec);
}

static bool percent_field(struct jinja_run *run, struct percent *p)
{
    struct jinja_format_spec spec = { 0 };
    struct jinja_value value;
    bool has_key;
    if (!keyed_value(run, p, &has_key, &value) || !read_percent_spec(run, p, &spec))
        return false;
    if (spec.type == '%')
        return jinja_write_byte(run, '%');
    if (!has_key && !next_value(run, p, &value))
        return false;
    if (spec.type == 's' || spec.type == 'r' || spec.type == 'a' ||
        (spec.type == 'c' && value.kind == JINJA_STRING && value.string->n_points == 1)) {
        spec.type = spec.type == 'c' ? 's' : spec.type;
        return percent_text(run, &value, &spec);
    }
    if (!strchr("diuxXoeEfFgGc", spec.type) || !spec.type)
        return jinja_fail(run, "there is no format '%%%c'", spec.type > ' ' ? spec.type : '?');
    return percent_number(run, &value, &spec);
}

bool jinja_format_percent(struct jinja_run *run, struct slice format,
                          const struct jinja_value *values, struct jinja_value *out)
{
    struct percent p = { format, 0, values, 0 };
    size_t mark = jinja_mark(run);
    while (p.at < format.length) {
        struct slice rest = { format.data + p.at, format.length - p.at };
        const char *sign = memchr(rest.data, '%', rest.length);
        size_t n = sign ? (size_t)(sign - rest.data) : rest.length;
        if (!jinja_spend(run, 1) || !jinja_write(run, (struct slice){ rest.data, n }))
            return false;
        p.at += n + (sign != NULL);
        if (sign && p.at == format.length)
            return jinja_fail(run, "a format ends behind '%%'");
        if (sign && !percent_field(run, &p))
            return false;
    }
    /* Python lets what has elements by key be, whether the format used it or not. */
    bool may_be_left = values->kind == JINJA_DICT || values->kind == JINJA_LIST ||
                       values->kind == JINJA_RANGE || values->kind == JINJA_UNDEFINED;
    size_t count = values->kind == JINJA_TUPLE ? values->list->count : 1;
    if (!may_be_left && p.next < count)
        return jinja_fail(run, "the format uses %zu of %zu values", p.next, count);
    return jinja_take(run, mark, out);
}

/* --- braces --- */

struct braces {
    const struct jinja_call *call;
    size_t next;
    bool is_counted, is_numbered; /* {} or {0}: not both */
};

static bool positional(struct jinja_run *run, struct braces *b, struct slice digits,
                       struct jinja_value *out)
{
    int64_t index = (int64_t)b->next;
    size_t at = 0;
    if (digits.length)
        (void)read_number(digits, &at, &index);
    else
        b->next++;
    b->is_counted = b->is_counted || digits.length == 0;
    b->is_numbered = b->is_numbered || digits.length > 0;
    if (b->is_counted && b->is_numbered)
        return jinja_fail(run, "a format mixes {} and {0}");
    if ((size_t)index >= b->call->count)
        return jinja_fail(run, "the format wants value %" PRId64 " of %zu", index, b->call->count);
    *out = b->call->arguments[index];
    return true;
}

static bool by_keyword(struct jinja_run *run, const struct braces *b, struct slice name,
                       struct jinja_value *out)
{
    for (size_t i = 0; i < b->call->n_keywords; i++)
        if (slice_equal(jinja_slice(&b->call->keywords[i].name), name)) {
            *out = b->call->keywords[i].value;
            return true;
        }
    return jinja_fail(run, "there is no value '%s' for the format", printable(name));
}

static bool is_digits(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return true;
}

/* .attribute or [element] */
static bool follow(struct jinja_run *run, struct slice path, size_t *at, struct jinja_value *value)
{
    bool is_element = path.data[*at] == '[';
    size_t begin = ++*at;
    while (*at < path.length &&
           (is_element ? path.data[*at] != ']' : path.data[*at] != '.' && path.data[*at] != '['))
        ++*at;
    struct slice part = { path.data + begin, *at - begin };
    if (part.length == 0 || (is_element && (*at)++ == path.length))
        return jinja_fail(run, "a field of a format is no field");
    struct jinja_value key;
    size_t digits = 0;
    int64_t number = 0;
    if (!jinja_view_string(run, part, &key))
        return false;
    if (!is_element)
        return jinja_attribute(run, value, &key, value);
    if (is_digits(part) && read_number(part, &digits, &number))
        key = jinja_integer(number);
    return jinja_item(run, value, &key, value);
}

static bool field_value(struct jinja_run *run, struct braces *b, struct slice path,
                        struct jinja_value *out)
{
    size_t at = 0;
    while (at < path.length && path.data[at] != '.' && path.data[at] != '[')
        at++;
    struct slice name = { path.data, at };
    if (!(is_digits(name) ? positional(run, b, name, out) : by_keyword(run, b, name, out)))
        return false;
    while (at < path.length)
        if ((path.data[at] != '.' && path.data[at] != '[') || !follow(run, path, &at, out))
            return jinja_fail(run, "a field of a format is no field");
    return true;
}

/* [[fill]align][sign][z][#][0][width][grouping][.precision][type] */
static bool read_spec(struct jinja_run *run, struct slice text, struct jinja_format_spec *spec)
{
    size_t n = 0, at = 0;
    *spec = (struct jinja_format_spec){ .precision = -1 };
    if (text.length)
        (void)jinja_point(text.data, text.length, &n);
    if (n && n < text.length && memchr("<>=^", text.data[n], 4)) {
        spec->fill = (struct slice){ text.data, n };
        spec->align = text.data[n];
        at = n + 1;
    } else if (text.length && memchr("<>=^", text.data[0], 4)) {
        spec->align = text.data[0];
        at = 1;
    }
    if (at < text.length && memchr("+- ", text.data[at], 3))
        spec->sign = text.data[at++];
    at += at < text.length && text.data[at] == 'z';
    if (at < text.length && text.data[at] == '#') {
        spec->is_alternate = true;
        at++;
    }
    if (at < text.length && text.data[at] == '0') {
        at++;
        if (!spec->align) {
            spec->is_zero = true;
            spec->fill = slice_of("0");
            spec->align = '=';
        }
    }
    (void)read_number(text, &at, &spec->width);
    if (at < text.length && (text.data[at] == ',' || text.data[at] == '_'))
        spec->grouping = text.data[at++];
    if (at < text.length && text.data[at] == '.') {
        at++;
        if (!read_number(text, &at, &spec->precision))
            return jinja_fail(run, "a format has a point without digits");
    }
    if (at < text.length)
        spec->type = text.data[at++];
    return at == text.length || jinja_fail(run, "'%s' is no format", printable(text));
}

static bool write_field(struct jinja_run *run, const struct jinja_value *v, struct slice text)
{
    struct jinja_format_spec spec;
    if (text.length == 0)
        return jinja_print(run, v);
    if (!read_spec(run, text, &spec))
        return false;
    if (jinja_is_integral(v) && spec.precision >= 0 && !(spec.type && strchr("eEfFgG%", spec.type)))
        return jinja_fail(run, "an int has no digits behind a point");
    if (jinja_is_number(v))
        return jinja_format_number(run, v, &spec);
    if (spec.is_zero)
        spec.align = '<';
    if (v->kind != JINJA_STRING || (spec.type && spec.type != 's') || spec.align == '=' ||
        spec.sign || spec.grouping)
        return jinja_fail(run, "'%s' is no format for a %s", printable(text), jinja_type_name(v));
    return jinja_format_text(run, jinja_slice(v), &spec, '<');
}

static bool convert(struct jinja_run *run, char conversion, struct jinja_value *value)
{
    size_t mark = jinja_mark(run);
    switch (conversion) {
    case '\0':
        return true;
    case 's':
        return jinja_to_string(run, value, value);
    case 'r':
    case 'a':
        return jinja_print_repr(run, value) && jinja_take(run, mark, value);
    default:
        return jinja_fail(run, "there is no conversion like this in a format");
    }
}

static bool write_template(struct jinja_run *run, struct braces *b, struct slice format,
                           int nesting);

/* What stands between the braces. */
static bool brace_field(struct jinja_run *run, struct braces *b, struct slice field, int nesting)
{
    size_t name = 0;
    bool in_brackets = false;
    for (; name < field.length; name++) {
        char c = field.data[name];
        in_brackets = c == '[' || (in_brackets && c != ']');
        if (!in_brackets && (c == '!' || c == ':'))
            break;
    }
    char conversion = '\0';
    size_t at = name;
    if (at < field.length && field.data[at] == '!') {
        if (at + 1 == field.length || (at + 2 < field.length && field.data[at + 2] != ':'))
            return jinja_fail(run, "there is no conversion like this in a format");
        conversion = field.data[at + 1];
        at += 2;
    }
    struct slice spec = { field.data + at, field.length - at };
    if (spec.length)
        spec = (struct slice){ spec.data + 1, spec.length - 1 };
    struct jinja_value value, expanded;
    if (!field_value(run, b, (struct slice){ field.data, name }, &value) ||
        !convert(run, conversion, &value))
        return false;
    if (spec.length && memchr(spec.data, '{', spec.length)) {
        size_t mark = jinja_mark(run);
        if (nesting == 2)
            return jinja_fail(run, "a format is nested too deep");
        if (!write_template(run, b, spec, nesting + 1) || !jinja_take(run, mark, &expanded))
            return false;
        spec = jinja_slice(&expanded);
    }
    return write_field(run, &value, spec);
}

/* The brace that closes the field that begins at `at`; the length when there is none. */
static size_t field_end(struct slice format, size_t at)
{
    for (size_t open = 0; at < format.length; at++) {
        if (format.data[at] == '{')
            open++;
        else if (format.data[at] == '}' && open-- == 0)
            break;
    }
    return at;
}

static bool write_template(struct jinja_run *run, struct braces *b, struct slice format,
                           int nesting)
{
    for (size_t at = 0; at < format.length;) {
        char c = format.data[at];
        bool is_double = at + 1 < format.length && format.data[at + 1] == c;
        if (!jinja_spend(run, 1))
            return false;
        if (c != '{' && c != '}') {
            size_t begin = at;
            while (at < format.length && format.data[at] != '{' && format.data[at] != '}')
                at++;
            if (!jinja_write(run, (struct slice){ format.data + begin, at - begin }))
                return false;
        } else if (is_double) {
            if (!jinja_write_byte(run, c))
                return false;
            at += 2;
        } else {
            size_t end = field_end(format, at + 1);
            if (c == '}' || end == format.length)
                return jinja_fail(run, "a format has a single '%c'", c);
            if (!jinja_spend_bytes(run, end - at) ||
                !brace_field(run, b, (struct slice){ format.data + at + 1, end - at - 1 }, nesting))
                return false;
            at = end + 1;
        }
    }
    return true;
}

bool jinja_format_braces(struct jinja_run *run, struct slice format, const struct jinja_call *call,
                         struct jinja_value *out)
{
    struct braces b = { .call = call };
    size_t mark = jinja_mark(run);
    return write_template(run, &b, format, 1) && jinja_take(run, mark, out);
}
