#include "chat/gotemplate/go_functions.h"

#include <stdio.h>
#include <time.h>

#include "base/utf8.h"
#include "chat/gotemplate/go_evaluate.h"
#include "chat/gotemplate/go_format.h"

static bool is_nothing(struct go_value value)
{
    return value.kind == GO_NONE || value.kind == GO_NIL;
}

static bool call_not(struct go_evaluator *e, const struct go_value *a, size_t n,
                     struct go_value *out)
{
    (void)e, (void)n;
    *out = go_bool(!go_is_true(a[0]));
    return true;
}

static bool call_len(struct go_evaluator *e, const struct go_value *a, size_t n,
                     struct go_value *out)
{
    (void)n;
    if (a[0].kind != GO_TEXT && a[0].kind != GO_LIST && a[0].kind != GO_MAP)
        return go_fail(e, "len of a value that has no length");
    *out = go_int((int64_t)(a[0].kind == GO_TEXT ? a[0].text.length : a[0].count));
    return true;
}

/* An index into `length` items; one past the end counts where `past` allows it. */
static bool read_index(struct go_evaluator *e, struct go_value value, size_t length, bool past,
                       size_t *index)
{
    if (value.kind != GO_INT && value.kind != GO_BYTE)
        return go_fail(e, "an index must be a whole number");
    if (value.integer < 0 || (uint64_t)value.integer > length ||
        (!past && (uint64_t)value.integer == length))
        return go_fail(e, "index %" PRId64 " is out of range: there are %zu", value.integer,
                       length);
    *index = (size_t)value.integer;
    return true;
}

static bool index_once(struct go_evaluator *e, struct go_value key, struct go_value *value)
{
    size_t index = 0;
    if (value->kind == GO_MAP && key.kind == GO_TEXT) {
        const struct go_value *member = go_member_value(*value, key.text);
        *value = member ? *member : (struct go_value){ .kind = GO_NIL };
        return go_spend(e, 1 + value->count / 8);
    }
    if (value->kind == GO_LIST) {
        if (!read_index(e, key, value->count, false, &index))
            return false;
        *value = value->items[index];
        return true;
    }
    if (value->kind == GO_TEXT) {
        if (!read_index(e, key, value->text.length, false, &index))
            return false;
        int64_t byte = (unsigned char)value->text.data[index];
        *value = (struct go_value){ .kind = GO_BYTE, .integer = byte };
        return true;
    }
    return go_fail(e, "index of a value that has no items, or by something that is no key");
}

static bool call_index(struct go_evaluator *e, const struct go_value *a, size_t n,
                       struct go_value *out)
{
    *out = a[0];
    for (size_t i = 1; i < n; i++)
        if (!index_once(e, a[i], out))
            return false;
    return !is_nothing(a[0]) || go_fail(e, "index of nothing");
}

static bool call_slice(struct go_evaluator *e, const struct go_value *a, size_t n,
                       struct go_value *out)
{
    bool is_text = a[0].kind == GO_TEXT;
    if (!is_text && a[0].kind != GO_LIST)
        return go_fail(e, "slice of a value that has no items");
    if (is_text && n == 4)
        return go_fail(e, "a text cannot be sliced with three indexes");
    size_t length = is_text ? a[0].text.length : a[0].count, from = 0, to = length, most = length;
    if ((n > 1 && !read_index(e, a[1], length, true, &from)) ||
        (n > 2 && !read_index(e, a[2], length, true, &to)) ||
        (n > 3 && !read_index(e, a[3], length, true, &most)))
        return false;
    if (from > to || to > most)
        return go_fail(e, "slice from %zu to %zu", from, to > most ? most : to);
    *out = a[0];
    if (is_text) {
        out->text = (struct slice){ a[0].text.data + from, to - from };
    } else {
        out->items = a[0].items + from;
        out->count = to - from;
    }
    return true;
}

static bool is_comparable(struct go_value value)
{
    return value.kind != GO_LIST && value.kind != GO_MAP;
}

static bool is_whole(struct go_value value)
{
    return value.kind == GO_INT || value.kind == GO_BYTE;
}

/* Two values of one kind that has an order. */
static int compare(struct go_value a, struct go_value b)
{
    if (is_whole(a))
        return (a.integer > b.integer) - (a.integer < b.integer);
    if (a.kind == GO_REAL)
        return (a.real > b.real) - (a.real < b.real);
    if (a.kind == GO_BOOL)
        return a.flag - b.flag;
    size_t shorter = size_min(a.text.length, b.text.length);
    int order = shorter ? memcmp(a.text.data, b.text.data, shorter) : 0;
    return order ? order : (a.text.length > b.text.length) - (a.text.length < b.text.length);
}

static bool spend_comparing(struct go_evaluator *e, struct go_value a, struct go_value b)
{
    return a.kind != GO_TEXT || b.kind != GO_TEXT ||
           go_spend(e, size_min(a.text.length, b.text.length) / GO_COPIED_PER_STEP);
}

static bool equal(struct go_evaluator *e, struct go_value a, struct go_value b, bool *is_equal)
{
    if (is_nothing(a) || is_nothing(b)) {
        bool is_absent = is_nothing(a) ? b.is_absent : a.is_absent;
        *is_equal = (is_nothing(a) && is_nothing(b)) || is_absent;
        return true;
    }
    if (!is_comparable(a) || !is_comparable(b) || a.kind == GO_STRUCT || b.kind == GO_STRUCT)
        return go_fail(e, "lists, maps and structs cannot be compared");
    if (a.kind != b.kind && !(is_whole(a) && is_whole(b)))
        return go_fail(e, "values of different types cannot be compared");
    if (!spend_comparing(e, a, b))
        return false;
    *is_equal = compare(a, b) == 0;
    return true;
}

static bool call_eq(struct go_evaluator *e, const struct go_value *a, size_t n,
                    struct go_value *out)
{
    bool is_equal = false;
    for (size_t i = 1; !is_equal && i < n; i++)
        if (!equal(e, a[0], a[i], &is_equal))
            return false;
    *out = go_bool(is_equal);
    return true;
}

static bool call_ne(struct go_evaluator *e, const struct go_value *a, size_t n,
                    struct go_value *out)
{
    bool is_equal;
    (void)n;
    if (!equal(e, a[0], a[1], &is_equal))
        return false;
    *out = go_bool(!is_equal);
    return true;
}

static bool order(struct go_evaluator *e, const struct go_value *a, int *out)
{
    bool same_type = a[0].kind == a[1].kind || (is_whole(a[0]) && is_whole(a[1]));
    bool has_order = is_whole(a[0]) || a[0].kind == GO_REAL || a[0].kind == GO_TEXT;
    if (!same_type || !has_order)
        return go_fail(e, "values of these types have no order");
    *out = compare(a[0], a[1]);
    return spend_comparing(e, a[0], a[1]);
}

static bool call_lt(struct go_evaluator *e, const struct go_value *a, size_t n,
                    struct go_value *out)
{
    int order_of;
    (void)n;
    if (!order(e, a, &order_of))
        return false;
    *out = go_bool(order_of < 0);
    return true;
}

static bool call_le(struct go_evaluator *e, const struct go_value *a, size_t n,
                    struct go_value *out)
{
    int order_of;
    (void)n;
    if (!order(e, a, &order_of))
        return false;
    *out = go_bool(order_of <= 0);
    return true;
}

static bool call_gt(struct go_evaluator *e, const struct go_value *a, size_t n,
                    struct go_value *out)
{
    if (!call_le(e, a, n, out))
        return false;
    out->flag = !out->flag;
    return true;
}

static bool call_ge(struct go_evaluator *e, const struct go_value *a, size_t n,
                    struct go_value *out)
{
    if (!call_lt(e, a, n, out))
        return false;
    out->flag = !out->flag;
    return true;
}

/* What is to be made of `a` costs what numbers cost, or, where all are texts, as told. */
static void price_shown(struct go_evaluator *e, const struct go_value *a, size_t n,
                        size_t bytes_of_text_per_step)
{
    bool is_text = true;
    for (size_t i = 0; i < n; i++)
        is_text = is_text && a[i].kind == GO_TEXT;
    go_price_scratch(e, is_text ? bytes_of_text_per_step : GO_SHOWN_PER_STEP);
}

/* Sprint: a space between two values of which neither is a text. */
static bool sprint(struct go_evaluator *e, const struct go_value *a, size_t n)
{
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        bool apart = i > 0 && a[i].kind != GO_TEXT && a[i - 1].kind != GO_TEXT;
        ok = (!apart || text_append_byte(&e->scratch, ' ')) && go_print(&e->scratch, a[i], true);
    }
    return ok;
}

static bool call_print(struct go_evaluator *e, const struct go_value *a, size_t n,
                       struct go_value *out)
{
    price_shown(e, a, n, GO_COPIED_PER_STEP);
    return go_take_scratch(e, sprint(e, a, n), out);
}

static bool call_println(struct go_evaluator *e, const struct go_value *a, size_t n,
                         struct go_value *out)
{
    bool ok = true;
    price_shown(e, a, n, GO_COPIED_PER_STEP);
    for (size_t i = 0; ok && i < n; i++)
        ok = (i == 0 || text_append_byte(&e->scratch, ' ')) && go_print(&e->scratch, a[i], true);
    return go_take_scratch(e, ok && text_append_byte(&e->scratch, '\n'), out);
}

/* %q, %x and %X write a text byte by byte; a letter that is no verb only makes it dearer. */
static bool has_escaping_verb(struct slice format)
{
    return format.length &&
           (memchr(format.data, 'q', format.length) || memchr(format.data, 'x', format.length) ||
            memchr(format.data, 'X', format.length));
}

static bool call_printf(struct go_evaluator *e, const struct go_value *a, size_t n,
                        struct go_value *out)
{
    if (a[0].kind != GO_TEXT)
        return go_fail(e, "the format of printf must be a text");
    if (!go_spend(e, a[0].text.length / 4))
        return false;
    price_shown(e, a, n, has_escaping_verb(a[0].text) ? GO_ESCAPED_PER_STEP : GO_COPIED_PER_STEP);
    return go_take_scratch(e, go_printf(&e->scratch, a[0].text, a + 1, n - 1), out);
}

/* What the escaping functions work on: one text as it is, anything else as print shows it. What
 * they make of it comes next. */
static bool escaped_input(struct go_evaluator *e, const struct go_value *a, size_t n,
                          struct slice *text)
{
    struct go_value joined;
    if (n == 1 && a[0].kind == GO_TEXT) {
        *text = a[0].text;
        go_price_scratch(e, GO_ESCAPED_PER_STEP);
        return true;
    }
    price_shown(e, a, n, GO_COPIED_PER_STEP);
    bool ok = n == 1 && is_nothing(a[0]) ? text_append_string(&e->scratch, "<no value>")
                                         : sprint(e, a, n);
    if (!go_take_scratch(e, ok, &joined))
        return false;
    *text = joined.text;
    go_price_scratch(e, GO_ESCAPED_PER_STEP);
    return true;
}

static const char *html_entity(char c)
{
    return c == '<'    ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '&'  ? "&amp;"
           : c == '"'  ? "&#34;"
           : c == '\'' ? "&#39;"
           : c == 0    ? "\xef\xbf\xbd"
                       : NULL;
}

static bool call_html(struct go_evaluator *e, const struct go_value *a, size_t n,
                      struct go_value *out)
{
    struct slice text;
    if (!escaped_input(e, a, n, &text))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < text.length; i++) {
        const char *entity = html_entity(text.data[i]);
        ok = entity ? text_append_string(&e->scratch, entity)
                    : text_append_byte(&e->scratch, text.data[i]);
    }
    return go_take_scratch(e, ok, out);
}

static bool call_js(struct go_evaluator *e, const struct go_value *a, size_t n,
                    struct go_value *out)
{
    struct slice text;
    if (!escaped_input(e, a, n, &text))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < text.length; i++) {
        char c = text.data[i];
        if (c == '\\' || c == '\'' || c == '"')
            ok = text_append_byte(&e->scratch, '\\') && text_append_byte(&e->scratch, c);
        else if (((unsigned char)c < ' ') || c == '<' || c == '>' || c == '&' || c == '=')
            ok = text_printf(&e->scratch, "\\u%04X", (unsigned)c);
        else
            ok = text_append_byte(&e->scratch, c);
    }
    return go_take_scratch(e, ok, out);
}

static bool call_urlquery(struct go_evaluator *e, const struct go_value *a, size_t n,
                          struct go_value *out)
{
    struct slice text;
    if (!escaped_input(e, a, n, &text))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < text.length; i++) {
        char c = text.data[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     (c && strchr("-_.~", c));
        if (plain || c == ' ')
            ok = text_append_byte(&e->scratch, plain ? c : '+');
        else
            ok = text_printf(&e->scratch, "%%%02X", (unsigned char)c);
    }
    return go_take_scratch(e, ok, out);
}

static bool call_call(struct go_evaluator *e, const struct go_value *a, size_t n,
                      struct go_value *out)
{
    (void)a, (void)n, (void)out;
    return go_fail(e, "call of a value that is no function");
}

static bool call_json(struct go_evaluator *e, const struct go_value *a, size_t n,
                      struct go_value *out)
{
    price_shown(e, a, n, GO_ESCAPED_PER_STEP);
    return go_take_scratch(e, go_write_json(&e->scratch, a[0]), out);
}

/* The day `days` after that of the rendering. Its format argument is accepted and ignored. */
static bool write_day(struct go_evaluator *e, const struct go_value *a, size_t n, int days,
                      struct go_value *out)
{
    time_t moment = (time_t)(e->now + (int64_t)days * 24 * 60 * 60);
    struct tm day;
    go_price_scratch(e, GO_SHOWN_PER_STEP);
    for (size_t i = 0; i < n; i++)
        if (a[i].kind != GO_TEXT)
            return go_fail(e, "the format of a date must be a text");
    if (!gmtime_r(&moment, &day))
        return go_fail(e, "there is no date for %" PRId64, e->now);
    return go_take_scratch(
        e,
        text_printf(&e->scratch, "%04d-%02d-%02d", day.tm_year + 1900, day.tm_mon + 1, day.tm_mday),
        out);
}

static bool call_current_date(struct go_evaluator *e, const struct go_value *a, size_t n,
                              struct go_value *out)
{
    return write_day(e, a, n, 0, out);
}

static bool call_yesterday_date(struct go_evaluator *e, const struct go_value *a, size_t n,
                                struct go_value *out)
{
    return write_day(e, a, n, -1, out);
}

static const char *typescript_name(struct slice type)
{
    static const char *const names[][2] = {
        { "string", "string" },   { "number", "number" }, { "integer", "number" },
        { "boolean", "boolean" }, { "array", "any[]" },   { "object", "Record<string, any>" },
        { "null", "null" },
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_equal(type, slice_of(names[i][0])))
            return names[i][1];
    return "any";
}

static bool append_typescript(struct text *out, struct go_value property)
{
    const struct go_value *any_of = go_member_value(property, slice_of("AnyOf"));
    const struct go_value *types = go_member_value(property, slice_of("Type"));
    bool ok = true;
    if (property.kind != GO_STRUCT || !any_of || !types || (any_of->count + types->count == 0))
        return text_append_string(out, "any");
    for (size_t i = 0; ok && i < any_of->count; i++)
        ok = (i == 0 || text_append_string(out, " | ")) && append_typescript(out, any_of->items[i]);
    for (size_t i = 0; ok && any_of->count == 0 && i < types->count; i++)
        ok = (i == 0 || text_append_string(out, " | ")) &&
             text_append_string(out, typescript_name(types->items[i].text));
    return ok;
}

static bool call_typescript(struct go_evaluator *e, const struct go_value *a, size_t n,
                            struct go_value *out)
{
    (void)n;
    return go_take_scratch(e, append_typescript(&e->scratch, a[0]), out);
}

const struct go_function *go_function_find(struct slice name)
{
    static const struct go_function functions[] = {
        { "and", 1, SIZE_MAX, NULL },
        { "or", 1, SIZE_MAX, NULL },
        { "not", 1, 1, call_not },
        { "len", 1, 1, call_len },
        { "index", 1, SIZE_MAX, call_index },
        { "slice", 1, 4, call_slice },
        { "eq", 2, SIZE_MAX, call_eq },
        { "ne", 2, 2, call_ne },
        { "lt", 2, 2, call_lt },
        { "le", 2, 2, call_le },
        { "gt", 2, 2, call_gt },
        { "ge", 2, 2, call_ge },
        { "print", 0, SIZE_MAX, call_print },
        { "println", 0, SIZE_MAX, call_println },
        { "printf", 1, SIZE_MAX, call_printf },
        { "html", 0, SIZE_MAX, call_html },
        { "js", 0, SIZE_MAX, call_js },
        { "urlquery", 0, SIZE_MAX, call_urlquery },
        { "call", 1, SIZE_MAX, call_call },
        { "json", 1, 1, call_json },
        { "currentDate", 0, SIZE_MAX, call_current_date },
        { "yesterdayDate", 0, SIZE_MAX, call_yesterday_date },
        { "toTypeScriptType", 1, 1, call_typescript },
    };
    for (size_t i = 0; i < COUNT_OF(functions); i++)
        if (slice_equal(name, slice_of(functions[i].name)))
            return &functions[i];
    return NULL;
}
