#include "chat/renderer/renderer_json.h"

#include "base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- numbers ---- */

/* The fewest digits that read back as the same number: digits[0].digits[1..] times 10^exponent. */
struct decimal {
    char digits[20];
    int n_digits, exponent;
    bool is_negative;
};

static struct decimal shortest(double value)
{
    struct decimal d = { .is_negative = signbit(value) };
    char spelled[40];
    for (int precision = 0; precision <= 16; precision++) {
        snprintf(spelled, sizeof spelled, "%.*e", precision, fabs(value));
        if (strtod(spelled, NULL) == fabs(value))
            break;
    }
    const char *s = spelled;
    for (; *s && *s != 'e'; s++)
        if (*s >= '0' && *s <= '9')
            d.digits[d.n_digits++] = *s;
    d.exponent = *s ? atoi(s + 1) : 0;
    return d;
}

static void put_scientific(struct prompt *p, const struct decimal *d, const char *exponent_format)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%c%s%.*s", d->digits[0], d->n_digits > 1 ? "." : "",
                     d->n_digits - 1, d->digits + 1);
    snprintf(text + n, sizeof text - (size_t)n, exponent_format, d->exponent);
    put(p, text);
}

static void put_positional(struct prompt *p, const struct decimal *d)
{
    struct slice digits = { d->digits, (size_t)d->n_digits };
    if (d->exponent < 0) {
        put(p, "0.");
        for (int i = d->exponent; i < -1; i++)
            put(p, "0");
        put_slice(p, digits);
        return;
    }
    size_t whole = (size_t)d->exponent + 1;
    put_slice(p, slice_to(digits, size_min(whole, digits.length)));
    for (size_t i = digits.length; i < whole; i++)
        put(p, "0");
    if (digits.length > whole)
        put_between(p, ".", slice_from(digits, whole), "");
}

/* JSON has exponents below 1e-6 and from 1e21 on, plain text below 1e-4 and from 1e6 on. */
static void put_number(struct prompt *p, double value, bool is_plain)
{
    struct decimal d = shortest(value);
    int small = is_plain ? -4 : -6, large = is_plain ? 6 : 21;
    if (d.is_negative)
        put(p, "-");
    if (value != 0 && (d.exponent < small || d.exponent >= large))
        put_scientific(p, &d, is_plain ? "e%+03d" : "e%+d");
    else
        put_positional(p, &d);
}

/* ---- strings ---- */

/* Code points that a program's source would not show: controls, spaces but the common one, marks
 * of direction, private and unassigned planes. */
static bool is_invisible(uint32_t c)
{
    return (c >= 0x7f && c <= 0xa0) || c == 0xad || (c >= 0x2000 && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202f) || (c >= 0x205f && c <= 0x206f) || c == 0x3000 ||
           c == 0x1680 || c == 0x061c || c == 0x180e || (c >= 0xe000 && c <= 0xf8ff) ||
           c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) || (c & 0xfffe) == 0xfffe || c >= 0xe0000;
}

/* The letter of a short escape, or 0. */
static char short_escape(uint32_t c, bool in_source)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\b':
        return 'b';
    case '\f':
        return 'f';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    case '\a':
        return in_source ? 'a' : 0;
    case '\v':
        return in_source ? 'v' : 0;
    default:
        return 0;
    }
}

/* The escape of a code point into `out`; false when it stands for itself. */
static bool escape(char out[16], uint32_t c, struct json_style style)
{
    bool in_source = style.escape == ESCAPE_SOURCE;
    char letter = short_escape(c, in_source);
    bool is_markup = style.escape == ESCAPE_MARKUP && (c == '<' || c == '>' || c == '&');
    if (letter)
        snprintf(out, 16, "\\%c", letter);
    else if (in_source && (c < 0x20 || c == 0x7f))
        snprintf(out, 16, "\\x%02x", c);
    else if (in_source && c > 0xffff && is_invisible(c))
        snprintf(out, 16, "\\U%08x", c);
    else if (c < 0x20 || is_markup || (in_source && is_invisible(c)) ||
             (!in_source && (c == 0x2028 || c == 0x2029)))
        snprintf(out, 16, "\\u%04x", c);
    else
        return false;
    return true;
}

void put_json_string(struct prompt *p, struct slice string, struct json_style style)
{
    size_t shown = 0; /* what came before is written */
    put(p, "\"");
    for (size_t i = 0; i < string.length;) {
        const uint8_t *bytes = (const uint8_t *)string.data + i;
        size_t n = utf8_length(bytes, string.length - i);
        char escaped[16] = "\\ufffd";
        if (n == 0 || escape(escaped, utf8_decode(bytes, n), style)) {
            put_between(p, "", (struct slice){ string.data + shown, i - shown }, escaped);
            shown = i + size_max(n, 1);
        }
        i += size_max(n, 1);
    }
    put_between(p, "", slice_from(string, shown), "\"");
}

/* ---- structure ---- */

struct writer {
    struct prompt *p;
    struct json_style style;
    size_t depth;
    bool is_first; /* nothing stands yet behind the last bracket */
};

static struct writer writer_of(struct prompt *p, struct json_style style)
{
    return (struct writer){ .p = p, .style = style, .is_first = true };
}

static void new_line(struct writer *w)
{
    put(w->p, "\n");
    for (size_t i = 0; i < w->depth; i++)
        put(w->p, "    ");
}

static void open_bracket(struct writer *w, const char *bracket)
{
    put(w->p, bracket);
    w->depth++;
    w->is_first = true;
}

static void close_bracket(struct writer *w, const char *bracket)
{
    w->depth--;
    if (w->style.indented && !w->is_first)
        new_line(w);
    put(w->p, bracket);
    w->is_first = false;
}

static void next_item(struct writer *w)
{
    if (!w->is_first)
        put(w->p, w->style.spaced ? ", " : ",");
    if (w->style.indented)
        new_line(w);
    w->is_first = false;
}

static void next_member(struct writer *w, struct slice name)
{
    next_item(w);
    put_json_string(w->p, name, w->style);
    put(w->p, w->style.spaced || w->style.indented ? ": " : ":");
}

static int by_name(const void *a, const void *b)
{
    const struct named_value *x = a, *y = b;
    int order = memcmp(x->name.data, y->name.data, size_min(x->name.length, y->name.length));
    return order ? order : (x->name.length > y->name.length) - (x->name.length < y->name.length);
}

const struct named_value *sorted_members(struct prompt *p, const struct json *object, size_t *n)
{
    struct named_value *members =
        arena_alloc_array(p->scratch, json_size(object) + 1, sizeof *members);
    *n = 0;
    if (!members) {
        prompt_refuse(p, ERROR_MEMORY, "the prompt does not fit the memory it may take");
        return NULL;
    }
    for (const struct json_member *m = json_first(object); m; m = json_next(object, m))
        members[(*n)++] = (struct named_value){ json_member_key(m), json_member_value(m) };
    qsort(members, *n, sizeof *members, by_name);
    return members;
}

static void write_value(struct writer *w, const struct json *value);

static void write_sorted_object(struct writer *w, const struct json *object)
{
    size_t n;
    const struct named_value *members = sorted_members(w->p, object, &n);
    open_bracket(w, "{");
    for (size_t i = 0; i < n; i++) {
        next_member(w, members[i].name);
        write_value(w, members[i].value);
    }
    close_bracket(w, "}");
}

static void write_array(struct writer *w, const struct json *array)
{
    open_bracket(w, "[");
    for (size_t i = 0; i < json_size(array); i++) {
        next_item(w);
        write_value(w, json_at(array, i));
    }
    close_bracket(w, "]");
}

static void write_value(struct writer *w, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_KIND_OBJECT:
        write_sorted_object(w, value);
        break;
    case JSON_KIND_ARRAY:
        write_array(w, value);
        break;
    case JSON_KIND_STRING:
        put_json_string(w->p, json_text(value), w->style);
        break;
    case JSON_KIND_INTEGER:
    case JSON_KIND_REAL:
        put_number(w->p, json_number(value, 0), false);
        break;
    case JSON_KIND_BOOL:
        put(w->p, json_flag(value, false) ? "true" : "false");
        break;
    default:
        put(w->p, "null");
    }
}

void put_json(struct prompt *p, const struct json *value, struct json_style style)
{
    struct writer w = writer_of(p, style);
    write_value(&w, value);
}

/* ---- what tools declare ---- */

/* How a declared member is written, and when it is left out. */
enum form { ANY, TEXT, TYPES, LIST, CHOICES, PROPERTIES, PARAMETERS, FUNCTION };

struct declared {
    const char *name;
    enum form form;
    bool always; /* written even when absent or empty */
};

static const struct declared tool_members[] = {
    { "type", TEXT, true }, { "items", ANY, false }, { "function", FUNCTION, true }, { 0 }
};
static const struct declared function_members[] = { { "name", TEXT, true },
                                                    { "description", TEXT, false },
                                                    { "parameters", PARAMETERS, true },
                                                    { 0 } };
static const struct declared parameter_members[] = { { "type", TEXT, true },
                                                     { "$defs", ANY, false },
                                                     { "items", ANY, false },
                                                     { "required", LIST, false },
                                                     { "properties", PROPERTIES, true },
                                                     { 0 } };
static const struct declared property_members[] = {
    { "anyOf", CHOICES, false }, { "type", TYPES, false },
    { "items", ANY, false },     { "description", TEXT, false },
    { "enum", LIST, false },     { "properties", PROPERTIES, false },
    { "required", LIST, false }, { 0 }
};
static const struct declared property_members_sorted[] = { { "anyOf", CHOICES, false },
                                                           { "description", TEXT, false },
                                                           { "enum", LIST, false },
                                                           { "items", ANY, false },
                                                           { "properties", PROPERTIES, false },
                                                           { "required", LIST, false },
                                                           { "type", TYPES, false },
                                                           { 0 } };

static bool is_null(const struct json *value)
{
    return json_kind(value) == JSON_KIND_NONE || json_kind(value) == JSON_KIND_NULL;
}

size_t n_types(const struct json *property)
{
    const struct json *type = json_get(property, "type");
    if (json_kind(type) == JSON_KIND_STRING || json_kind(type) == JSON_KIND_NULL)
        return 1;
    return json_size(type);
}

struct slice type_at(const struct json *property, size_t index)
{
    const struct json *type = json_get(property, "type");
    return json_text(json_kind(type) == JSON_KIND_ARRAY ? json_at(type, index) : type);
}

static bool is_left_out(const struct json *object, const struct declared *member)
{
    const struct json *value = json_get(object, member->name);
    switch (member->form) {
    case TEXT:
        return json_text(value).length == 0;
    case TYPES:
        return n_types(object) == 0;
    case LIST:
    case CHOICES:
        return json_size(value) == 0;
    default:
        return is_null(value);
    }
}

static void write_declared(struct writer *w, const struct json *object,
                           const struct declared *members);

static void write_types(struct writer *w, const struct json *property)
{
    if (n_types(property) == 1)
        put_json_string(w->p, type_at(property, 0), w->style);
    else
        write_value(w, json_get(property, "type"));
}

static void write_property(struct writer *w, const struct json *property)
{
    write_declared(w, property, w->style.sorted ? property_members_sorted : property_members);
}

static void write_choices(struct writer *w, const struct json *choices)
{
    open_bracket(w, "[");
    for (size_t i = 0; i < json_size(choices); i++) {
        next_item(w);
        write_property(w, json_at(choices, i));
    }
    close_bracket(w, "]");
}

static void write_properties(struct writer *w, const struct json *properties)
{
    struct json_style outer = w->style;
    if (w->style.escape == ESCAPE_LITTLE)
        w->style.escape = ESCAPE_MARKUP;
    open_bracket(w, "{");
    if (w->style.sorted) {
        size_t n;
        const struct named_value *members = sorted_members(w->p, properties, &n);
        for (size_t i = 0; i < n; i++) {
            next_member(w, members[i].name);
            write_property(w, members[i].value);
        }
    } else {
        for (const struct json_member *m = json_first(properties); m;
             m = json_next(properties, m)) {
            next_member(w, json_member_key(m));
            write_property(w, json_member_value(m));
        }
    }
    close_bracket(w, "}");
    w->style = outer;
}

static void write_member(struct writer *w, const struct json *object, const struct declared *member)
{
    const struct json *value = json_get(object, member->name);
    switch (member->form) {
    case TEXT:
        put_json_string(w->p, json_text(value), w->style);
        break;
    case TYPES:
        write_types(w, object);
        break;
    case CHOICES:
        write_choices(w, value);
        break;
    case PROPERTIES:
        if (is_null(value))
            put(w->p, "null");
        else
            write_properties(w, value);
        break;
    case PARAMETERS:
        write_declared(w, value, parameter_members);
        break;
    case FUNCTION:
        write_declared(w, value, function_members);
        break;
    default:
        write_value(w, value);
    }
}

static void write_declared(struct writer *w, const struct json *object,
                           const struct declared *members)
{
    open_bracket(w, "{");
    for (const struct declared *member = members; member->name; member++) {
        if (!member->always && is_left_out(object, member))
            continue;
        next_member(w, slice_of(member->name));
        write_member(w, object, member);
    }
    close_bracket(w, "}");
}

void put_tool(struct prompt *p, const struct json *tool, struct json_style style)
{
    struct writer w = writer_of(p, style);
    write_declared(&w, tool, tool_members);
}

void put_tools(struct prompt *p, struct json_style style)
{
    struct writer w = writer_of(p, style);
    open_bracket(&w, "[");
    for (size_t i = 0; i < p->n_tools; i++) {
        next_item(&w);
        write_declared(&w, json_at(p->tools, i), tool_members);
    }
    close_bracket(&w, "]");
}

void put_function(struct prompt *p, const struct json *function, struct json_style style)
{
    struct writer w = writer_of(p, style);
    write_declared(&w, function, function_members);
}

void put_parameters(struct prompt *p, const struct json *parameters, struct json_style style)
{
    struct writer w = writer_of(p, style);
    write_declared(&w, parameters, parameter_members);
}

void put_choices(struct prompt *p, const struct json *properties, struct json_style style)
{
    struct writer w = writer_of(p, style);
    write_choices(&w, properties);
}

void put_properties(struct prompt *p, const struct json *properties, struct json_style style)
{
    struct writer w = writer_of(p, style);
    write_properties(&w, properties);
}

void put_arguments(struct prompt *p, const struct json *arguments, struct json_style style)
{
    struct writer w = writer_of(p, style);
    if (json_kind(arguments) == JSON_KIND_NULL) {
        put(p, "null");
        return;
    }
    open_bracket(&w, "{");
    for (const struct json_member *m = json_first(arguments); m; m = json_next(arguments, m)) {
        next_member(&w, json_member_key(m));
        write_value(&w, json_member_value(m));
    }
    close_bracket(&w, "}");
}

/* ---- plain text ---- */

static void put_plain_object(struct prompt *p, const struct json *object)
{
    size_t n;
    const struct named_value *members = sorted_members(p, object, &n);
    put(p, "map[");
    for (size_t i = 0; i < n; i++) {
        put_between(p, i ? " " : "", members[i].name, ":");
        put_plain(p, members[i].value);
    }
    put(p, "]");
}

static void put_plain_array(struct prompt *p, const struct json *array)
{
    put(p, "[");
    for (size_t i = 0; i < json_size(array); i++) {
        put(p, i ? " " : "");
        put_plain(p, json_at(array, i));
    }
    put(p, "]");
}

void put_plain(struct prompt *p, const struct json *value)
{
    switch (json_kind(value)) {
    case JSON_KIND_OBJECT:
        put_plain_object(p, value);
        break;
    case JSON_KIND_ARRAY:
        put_plain_array(p, value);
        break;
    case JSON_KIND_STRING:
        put_slice(p, json_text(value));
        break;
    case JSON_KIND_INTEGER:
    case JSON_KIND_REAL:
        put_number(p, json_number(value, 0), true);
        break;
    case JSON_KIND_BOOL:
        put(p, json_flag(value, false) ? "true" : "false");
        break;
    default:
        put(p, "<nil>");
    }
}

void put_plain_number(struct prompt *p, const struct json *value)
{
    double number = json_number(value, 0);
    bool is_whole = number >= -0x1p63 && number < 0x1p63 && number == (double)(int64_t)number;
    char digits[24];
    if (!is_whole) {
        put_number(p, number, true);
        return;
    }
    snprintf(digits, sizeof digits, "%" PRId64, (int64_t)number);
    put(p, digits);
}

void put_argument(struct prompt *p, const struct json *value, struct json_style style)
{
    if (json_kind(value) == JSON_KIND_STRING)
        put_slice(p, json_text(value));
    else
        put_json(p, value, style);
}

void put_plain_argument(struct prompt *p, const struct json *value, struct json_style style)
{
    if (json_kind(value) == JSON_KIND_INTEGER || json_kind(value) == JSON_KIND_REAL)
        put_plain(p, value);
    else
        put_argument(p, value, style);
}
