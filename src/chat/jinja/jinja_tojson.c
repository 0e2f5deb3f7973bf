#include "chat/jinja/jinja_tojson.h"

#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_print.h"
#include "chat/jinja/jinja_sort.h"
#include "chat/jinja/jinja_unicode.h"

#include <math.h>
#include <stdio.h>

struct json_style {
    bool ensures_ascii, sorts_keys, is_indented;
    struct slice indent; /* of one level, repeated indent_times */
    uint64_t indent_times;
    struct slice between_items, after_key;
};

static bool write_value(struct jinja_run *run, const struct json_style *style,
                        const struct jinja_value *v, uint64_t level);

static bool write_unit(struct jinja_run *run, unsigned unit)
{
    char buffer[8];
    snprintf(buffer, sizeof buffer, "\\u%04x", unit);
    return jinja_write_text(run, buffer);
}

/* A character that does not stand for itself. */
static bool write_escape(struct jinja_run *run, uint32_t c)
{
    static const char letters[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *letter = c && c < 0x80 ? strchr(letters, (int)c) : NULL;
    if (letter)
        return jinja_write_byte(run, '\\') && jinja_write_byte(run, names[letter - letters]);
    if (c < 0x10000)
        return write_unit(run, c);
    return write_unit(run, 0xd800 + ((c - 0x10000) >> 10)) &&
           write_unit(run, 0xdc00 + ((c - 0x10000) & 0x3ff));
}

static bool write_string(struct jinja_run *run, struct slice text, bool ensures_ascii)
{
    bool ok = jinja_spend(run, text.length / 16) && jinja_write_byte(run, '"');
    size_t begin = 0;
    for (size_t n, i = 0; ok && i < text.length; i += n) {
        unsigned char byte = (unsigned char)text.data[i];
        n = 1;
        if (byte >= 0x20 && byte != '"' && byte != '\\' && (byte < 0x7f || !ensures_ascii))
            continue;
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        ok = jinja_write(run, (struct slice){ text.data + begin, i - begin }) &&
             write_escape(run, c);
        begin = i + n;
    }
    return ok && jinja_write(run, (struct slice){ text.data + begin, text.length - begin }) &&
           jinja_write_byte(run, '"');
}

static bool write_float(struct jinja_run *run, double d)
{
    if (isnan(d) || isinf(d))
        return jinja_write_text(run, isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
    return jinja_print_float(run, d);
}

/* What is no container; *is_scalar tells whether it was that. */
static bool write_scalar(struct jinja_run *run, const struct json_style *style,
                         const struct jinja_value *v, bool *is_scalar)
{
    *is_scalar = true;
    switch (v->kind) {
    case JINJA_NONE:
        return jinja_write_text(run, "null");
    case JINJA_BOOL:
        return jinja_write_text(run, v->boolean ? "true" : "false");
    case JINJA_INTEGER:
    case JINJA_BIG:
        return jinja_print(run, v);
    case JINJA_FLOAT:
        return write_float(run, v->real);
    case JINJA_STRING:
        return write_string(run, jinja_slice(v), style->ensures_ascii);
    default:
        *is_scalar = false;
        return true;
    }
}

static bool write_key(struct jinja_run *run, const struct json_style *style,
                      const struct jinja_value *key)
{
    bool is_scalar;
    if (key->kind == JINJA_STRING)
        return write_scalar(run, style, key, &is_scalar);
    if (!jinja_write_byte(run, '"') || !write_scalar(run, style, key, &is_scalar))
        return false;
    if (!is_scalar)
        return jinja_fail(run, "a %s cannot be a key in JSON", jinja_type_name(key));
    return jinja_write_byte(run, '"');
}

static bool new_line(struct jinja_run *run, const struct json_style *style, uint64_t level)
{
    return !style->is_indented ||
           (jinja_write_byte(run, '\n') &&
            jinja_write_times(run, style->indent, style->indent_times * level));
}

static bool write_list(struct jinja_run *run, const struct json_style *style,
                       const struct jinja_list *list, uint64_t level)
{
    if (list->count == 0)
        return jinja_write_text(run, "[]");
    bool ok = jinja_write_byte(run, '[');
    for (size_t i = 0; ok && i < list->count; i++)
        ok = (i == 0 || jinja_write(run, style->between_items)) &&
             new_line(run, style, level + 1) && write_value(run, style, &list->items[i], level + 1);
    return ok && new_line(run, style, level) && jinja_write_byte(run, ']');
}

static bool sorted_keys(struct jinja_run *run, const struct jinja_dict *dict,
                        struct jinja_sorted **out)
{
    *out = jinja_alloc(run, dict->count, sizeof **out);
    if (!*out)
        return false;
    for (size_t i = 0; i < dict->count; i++)
        (*out)[i] = (struct jinja_sorted){ dict->entries[i].key, dict->entries[i].value };
    return jinja_sort(run, *out, dict->count, false);
}

static bool write_dict(struct jinja_run *run, const struct json_style *style,
                       const struct jinja_dict *dict, uint64_t level)
{
    struct jinja_sorted *sorted = NULL;
    if (dict->count == 0)
        return jinja_write_text(run, "{}");
    if (style->sorts_keys && !sorted_keys(run, dict, &sorted))
        return false;
    bool ok = jinja_write_byte(run, '{');
    for (size_t i = 0; ok && i < dict->count; i++) {
        const struct jinja_value *key = sorted ? &sorted[i].key : &dict->entries[i].key;
        const struct jinja_value *value = sorted ? &sorted[i].value : &dict->entries[i].value;
        ok = (i == 0 || jinja_write(run, style->between_items)) &&
             new_line(run, style, level + 1) && write_key(run, style, key) &&
             jinja_write(run, style->after_key) && write_value(run, style, value, level + 1);
    }
    return ok && new_line(run, style, level) && jinja_write_byte(run, '}');
}

static bool write_container(struct jinja_run *run, const struct json_style *style,
                            const struct jinja_value *v, uint64_t level)
{
    if (jinja_is_sequence(v))
        return write_list(run, style, v->list, level);
    if (v->kind == JINJA_DICT)
        return write_dict(run, style, v->dict, level);
    return jinja_fail(run, "a %s cannot be written as JSON", jinja_type_name(v));
}

static bool write_value(struct jinja_run *run, const struct json_style *style,
                        const struct jinja_value *v, uint64_t level)
{
    bool is_scalar;
    if (!jinja_spend(run, 1) || !write_scalar(run, style, v, &is_scalar))
        return false;
    if (is_scalar)
        return true;
    if (!jinja_enter(run) || !write_container(run, style, v, level))
        return false;
    jinja_leave(run);
    return true;
}

static bool read_indent(struct jinja_run *run, const struct jinja_value *v,
                        struct json_style *style)
{
    if (!jinja_is_given(v) || v->kind == JINJA_NONE)
        return true;
    style->is_indented = true;
    style->between_items = slice_of(",");
    if (v->kind == JINJA_STRING) {
        style->indent = jinja_slice(v);
        style->indent_times = 1;
        return true;
    }
    int64_t n = 0;
    if (!jinja_integer_argument(run, v, "indent", &n))
        return false;
    style->indent = slice_of(" ");
    style->indent_times = n > 0 ? (uint64_t)n : 0;
    return n < 1 << 20 || jinja_fail(run, "an indent of %" PRId64 " is too wide", n);
}

static bool read_separators(struct jinja_run *run, const struct jinja_value *v,
                            struct json_style *style)
{
    struct jinja_value pair;
    if (!jinja_is_given(v) || v->kind == JINJA_NONE)
        return true;
    if (!jinja_to_list(run, v, JINJA_TUPLE, &pair))
        return false;
    const struct jinja_value *items = pair.list->items;
    if (pair.list->count != 2 || items[0].kind != JINJA_STRING || items[1].kind != JINJA_STRING)
        return jinja_fail(run, "the separators of JSON are two texts");
    style->between_items = jinja_slice(&items[0]);
    style->after_key = jinja_slice(&items[1]);
    return true;
}

bool jinja_tojson(struct jinja_run *run, const struct jinja_call *call, struct jinja_value *out)
{
    const struct jinja_value *a = call->arguments;
    struct json_style style = { .between_items = slice_of(", "), .after_key = slice_of(": ") };
    size_t mark = jinja_mark(run);
    style.ensures_ascii = jinja_truth(&a[0]);
    style.sorts_keys = jinja_truth(&a[3]);
    return read_indent(run, &a[1], &style) && read_separators(run, &a[2], &style) &&
           write_value(run, &style, &call->self, 0) && jinja_take(run, mark, out);
}
