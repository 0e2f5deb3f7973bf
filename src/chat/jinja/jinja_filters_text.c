/* Filters over text; what is none becomes text first. */
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_access.h"
#include "chat/jinja/jinja_dict.h"
#include "chat/jinja/jinja_format.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_operate.h"
#include "chat/jinja/jinja_print.h"
#include "chat/jinja/jinja_string.h"
#include "chat/jinja/jinja_tojson.h"
#include "chat/jinja/jinja_undefined.h"
#include "chat/jinja/jinja_unicode.h"

#include <stdio.h>

#define FILTER(name) \
    static bool name(struct jinja_run *run, const struct jinja_call *call, struct jinja_value *out)

/* The filtered value as text that stays where it is. */
static bool self_text(struct jinja_run *run, const struct jinja_call *call, struct slice *out)
{
    struct jinja_value text;
    if (!jinja_to_string(run, &call->self, &text))
        return false;
    *out = jinja_slice(&text);
    return true;
}

/* For filters that make no text of anything else. */
static bool only_text(struct jinja_run *run, const struct jinja_call *call, struct slice *out)
{
    if (call->self.kind == JINJA_UNDEFINED)
        return jinja_fail_undefined(run, &call->self);
    if (call->self.kind != JINJA_STRING)
        return jinja_fail(run, "a str is needed, not a %s", jinja_type_name(&call->self));
    *out = jinja_slice(&call->self);
    return true;
}

static bool change_case(struct jinja_run *run, const struct jinja_call *call, enum jinja_case to,
                        struct jinja_value *out)
{
    struct slice text;
    if (!self_text(run, call, &text))
        return false;
    size_t mark = jinja_mark(run);
    return jinja_write_case(run, text, to) && jinja_take(run, mark, out);
}

FILTER(filter_upper)
{
    return change_case(run, call, JINJA_UPPER, out);
}

FILTER(filter_lower)
{
    return change_case(run, call, JINJA_LOWER, out);
}

FILTER(filter_capitalize)
{
    return change_case(run, call, JINJA_CAPITALIZE, out);
}

/* Words begin behind blanks, dashes and opening brackets only, so "they're" stays one. */
FILTER(filter_title)
{
    struct slice text;
    if (!self_text(run, call, &text))
        return false;
    size_t mark = jinja_mark(run), begin = 0;
    bool ok = true;
    for (size_t n, i = 0; ok && i <= text.length; i += n) {
        n = 1;
        uint32_t c = i < text.length ? jinja_point(text.data + i, text.length - i, &n) : ' ';
        bool separates = jinja_is_space(c) || (c < 0x80 && c && strchr("-({[<", (int)c));
        if (separates && i > begin) {
            struct slice word = { text.data + begin, i - begin };
            size_t first = jinja_point_offset(word, 1);
            ok = jinja_write_case(run, (struct slice){ word.data, first }, JINJA_UPPER) &&
                 jinja_write_case(run, (struct slice){ word.data + first, word.length - first },
                                  JINJA_LOWER);
        }
        if (separates && i < text.length)
            ok = ok && jinja_write(run, (struct slice){ text.data + i, n });
        begin = separates ? i + n : begin;
        ok = ok && jinja_spend(run, 1);
    }
    return ok && jinja_take(run, mark, out);
}

FILTER(filter_string)
{
    return jinja_to_string(run, &call->self, out);
}

FILTER(filter_safe)
{
    if (!jinja_to_string(run, &call->self, out))
        return false;
    out->detail = 1;
    return true;
}

FILTER(filter_escape)
{
    return jinja_escape(run, &call->self, out);
}

FILTER(filter_forceescape)
{
    struct jinja_value text;
    if (!jinja_to_string(run, &call->self, &text))
        return false;
    text.detail = 0;
    return jinja_escape(run, &text, out);
}

FILTER(filter_trim)
{
    struct slice text;
    const struct jinja_value *chars = &call->arguments[0];
    if (!self_text(run, call, &text))
        return false;
    if (!jinja_is_given(chars) || chars->kind == JINJA_NONE)
        return jinja_view_string(run, jinja_strip(text, true, true), out);
    if (chars->kind != JINJA_STRING)
        return jinja_fail(run, "trim needs a text of characters");
    return jinja_strip_set(run, text, jinja_slice(chars), true, true, &text) &&
           jinja_view_string(run, text, out);
}

FILTER(filter_replace)
{
    const struct jinja_value *a = call->arguments;
    struct jinja_value old, new;
    struct slice text;
    int64_t count = -1;
    if (!self_text(run, call, &text) || !jinja_to_string(run, &a[0], &old) ||
        !jinja_to_string(run, &a[1], &new) || !jinja_integer_argument(run, &a[2], "count", &count))
        return false;
    return jinja_replace(run, text, jinja_slice(&old), jinja_slice(&new), count, out);
}

FILTER(filter_center)
{
    struct slice text;
    int64_t width = 80;
    return self_text(run, call, &text) &&
           jinja_integer_argument(run, &call->arguments[0], "width", &width) &&
           jinja_center(run, text, width, slice_of(" "), out);
}

/* The lines behind the first begin with `indention`, empty ones only where blank ones count. */
FILTER(filter_indent)
{
    const struct jinja_value *a = call->arguments;
    struct jinja_value prefix;
    struct slice text;
    int64_t width = 4;
    bool first = jinja_truth(&a[1]), blank = jinja_truth(&a[2]), ok = true;
    if (!only_text(run, call, &text))
        return false;
    size_t mark = jinja_mark(run), end = 1;
    if (jinja_is(&a[0], JINJA_STRING))
        prefix = a[0];
    else if (!jinja_integer_argument(run, &a[0], "width", &width) ||
             !jinja_write_times(run, slice_of(" "), width > 0 ? (uint64_t)width : 0) ||
             !jinja_take(run, mark, &prefix))
        return false;
    if (first)
        ok = jinja_write(run, jinja_slice(&prefix));
    /* A text that ends in a line end has one more, empty line. */
    for (bool is_first = true; ok && end > 0; is_first = false) {
        struct slice line = jinja_next_line(&text, &end);
        ok = jinja_spend(run, 1 + line.length / 8) && (is_first || jinja_write_byte(run, '\n')) &&
             (is_first || !(blank || line.length) || jinja_write(run, jinja_slice(&prefix))) &&
             jinja_write(run, line);
    }
    return ok && jinja_take(run, mark, out);
}

FILTER(filter_truncate)
{
    const struct jinja_value *a = call->arguments;
    int64_t length = 255, leeway = 5;
    struct slice end = slice_of("..."), kept;
    size_t count;
    if (!jinja_length(&call->self, &count))
        return jinja_fail(run, "a %s has no length", jinja_type_name(&call->self));
    if (!jinja_integer_argument(run, &a[0], "length", &length) ||
        !jinja_text_argument(run, &a[2], "end", &end) ||
        !jinja_integer_argument(run, &a[3], "leeway", &leeway))
        return false;
    int64_t room = length - (int64_t)jinja_count_points(end);
    if (room < 0 || leeway < 0)
        return jinja_fail(run, "truncate has no room for its end");
    int64_t most = INT64_MAX - leeway < length ? INT64_MAX : length + leeway;
    *out = call->self;
    if ((int64_t)count <= most)
        return true;
    if (!only_text(run, call, &kept))
        return false;
    size_t mark = jinja_mark(run);
    kept.length = jinja_point_offset(kept, (size_t)room);
    const char *blank = kept.length ? memrchr(kept.data, ' ', kept.length) : NULL;
    if (!jinja_truth(&a[1]) && blank) /* no half words */
        kept.length = (size_t)(blank - kept.data);
    return jinja_spend(run, kept.length / 8) && jinja_write(run, kept) && jinja_write(run, end) &&
           jinja_take(run, mark, out);
}

FILTER(filter_wordcount)
{
    struct slice text;
    int64_t words = 0;
    bool in_word = false;
    if (!self_text(run, call, &text) || !jinja_spend(run, text.length / 4))
        return false;
    for (size_t n, i = 0; i < text.length; i += n) {
        bool is_word = jinja_is_word(jinja_point(text.data + i, text.length - i, &n));
        words += is_word && !in_word;
        in_word = is_word;
    }
    *out = jinja_integer(words);
    return true;
}

struct wrap {
    size_t width;
    bool breaks_words, breaks_hyphens;
    struct slice between;
};

/* The next piece that stays together: blanks, or a word up to its end or behind a hyphen in it. */
static struct slice next_chunk(const struct wrap *w, struct slice text)
{
    size_t n, i = 0;
    bool is_blank = false;
    for (; i < text.length; i += n) {
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        bool blank = jinja_is_space(c);
        if (i == 0)
            is_blank = blank;
        else if (blank != is_blank)
            break;
        bool is_hyphen = w->breaks_hyphens && c == '-' && i > 0 && i + n < text.length &&
                         jinja_is_alpha((unsigned char)text.data[i - 1] & 0x7f);
        if (is_hyphen && jinja_is_alpha((unsigned char)text.data[i + n] & 0x7f)) {
            i += n;
            break;
        }
    }
    return (struct slice){ text.data, i };
}

/* One line of the text in lines of at most `width`, blanks at their ends left out. */
static bool wrap_line(struct jinja_run *run, const struct wrap *w, struct slice line)
{
    bool is_first = true, ok = true;
    while (ok && line.length) {
        size_t used = 0, length = 0, kept = 0;
        if (!is_first)
            line = jinja_strip(line, true, false);
        while (length < line.length) {
            struct slice rest = { line.data + length, line.length - length };
            struct slice chunk = next_chunk(w, rest);
            size_t points = jinja_count_points(chunk);
            bool is_blank = jinja_strip(chunk, true, false).length == 0;
            if (used + points > w->width) {
                bool is_too_long = points > w->width && w->breaks_words && !is_blank;
                if (is_too_long)
                    kept = length += jinja_point_offset(rest, w->width - used);
                else if (used == 0)
                    kept = length += chunk.length;
                break;
            }
            used += points;
            length += chunk.length;
            kept = is_blank ? kept : length;
        }
        ok = jinja_spend(run, 1 + length) &&
             (is_first || kept == 0 || jinja_write(run, w->between)) &&
             jinja_write(run, (struct slice){ line.data, kept });
        line = (struct slice){ line.data + length, line.length - length };
        if (jinja_strip(line, true, false).length == 0)
            break;
        is_first = false;
    }
    return ok;
}

FILTER(filter_wordwrap)
{
    const struct jinja_value *a = call->arguments;
    struct slice text;
    int64_t width = 79;
    struct wrap w = { .between = slice_of("\n") };
    bool ok = true;
    w.breaks_words = !jinja_is_given(&a[1]) || jinja_truth(&a[1]);
    w.breaks_hyphens = !jinja_is_given(&a[3]) || jinja_truth(&a[3]);
    if (!only_text(run, call, &text) || !jinja_integer_argument(run, &a[0], "width", &width) ||
        (a[2].kind != JINJA_NONE && !jinja_text_argument(run, &a[2], "wrapstring", &w.between)))
        return false;
    if (width < 1)
        return jinja_fail(run, "lines are at least one character wide");
    w.width = (size_t)width;
    size_t mark = jinja_mark(run), end;
    for (bool is_first = true; ok && text.length; is_first = false) {
        struct slice line = jinja_next_line(&text, &end);
        ok = (is_first || jinja_write(run, w.between)) && wrap_line(run, &w, line);
    }
    return ok && jinja_take(run, mark, out);
}

/* &lt; and its like as characters; how many bytes it takes, 0 when it is none. */
static size_t entity(struct slice text, uint32_t *point)
{
    static const struct {
        const char *name;
        uint32_t point;
    } rows[] = { { "&amp;", '&' },   { "&lt;", '<' },   { "&gt;", '>' },  { "&quot;", '"' },
                 { "&apos;", '\'' }, { "&#39;", '\'' }, { "&#34;", '"' }, { "&nbsp;", 0xa0 } };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t n = strlen(rows[i].name);
        if (text.length >= n && memcmp(text.data, rows[i].name, n) == 0) {
            *point = rows[i].point;
            return n;
        }
    }
    return 0;
}

static bool write_without_tags(struct jinja_run *run, struct slice text)
{
    bool ok = true, wants_blank = false, is_empty = true;
    for (size_t n, i = 0; ok && i < text.length; i += n) {
        const char *comment = "<!--";
        struct slice rest = { text.data + i, text.length - i };
        bool is_comment = rest.length >= 4 && memcmp(rest.data, comment, 4) == 0;
        const char *end = *rest.data != '<' ? NULL
                          : is_comment      ? memmem(rest.data, rest.length, "-->", 3)
                                            : memchr(rest.data, '>', rest.length);
        ok = jinja_spend(run, *rest.data == '<' && !end ? 1 + rest.length / 64 : 1);
        if (end) {
            n = (size_t)(end - rest.data) + (is_comment ? 3 : 1);
            continue;
        }
        uint32_t c = jinja_point(rest.data, rest.length, &n);
        if (jinja_is_space(c)) {
            wants_blank = !is_empty;
            continue;
        }
        if (c == '&') {
            size_t length = entity(rest, &c);
            n = length ? length : n;
        }
        ok = ok && (!wants_blank || jinja_write_byte(run, ' ')) && jinja_write_point(run, c);
        wants_blank = is_empty = false;
    }
    return ok;
}

FILTER(filter_striptags)
{
    struct slice text;
    if (!self_text(run, call, &text))
        return false;
    size_t mark = jinja_mark(run);
    return write_without_tags(run, text) && jinja_take(run, mark, out);
}

static bool write_url(struct jinja_run *run, const struct jinja_value *v, bool is_query)
{
    struct jinja_value text;
    char buffer[8];
    if (!jinja_to_string(run, v, &text))
        return false;
    struct slice s = jinja_slice(&text);
    bool ok = true;
    for (size_t i = 0; ok && i < s.length; i++) {
        unsigned char c = (unsigned char)s.data[i];
        bool is_plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                        (c >= 'A' && c <= 'Z') || c == '_' || c == '.' || c == '-' || c == '~' ||
                        (c == '/' && !is_query);
        snprintf(buffer, sizeof buffer, "%%%02X", c);
        ok = jinja_spend(run, 1) && (is_plain               ? jinja_write_byte(run, (char)c)
                                     : c == ' ' && is_query ? jinja_write_byte(run, '+')
                                                            : jinja_write_text(run, buffer));
    }
    return ok;
}

/* A text, or the pairs of a query. */
FILTER(filter_urlencode)
{
    struct jinja_value view = call->self, pair;
    struct jinja_iterator *it;
    size_t mark = jinja_mark(run);
    bool is_text = view.kind == JINJA_STRING || !jinja_is_iterable(&view);
    if (is_text)
        return jinja_to_string(run, &view, &view) && write_url(run, &view, false) &&
               jinja_take(run, mark, out);
    if (view.kind == JINJA_DICT) {
        view.kind = JINJA_VIEW;
        view.detail = JINJA_ITEMS;
    }
    if (!jinja_iterate(run, &view, &it))
        return false;
    for (bool is_first = true;; is_first = false) {
        if (!jinja_next(run, it, &pair))
            return false;
        if (!jinja_is_given(&pair))
            return jinja_take(run, mark, out);
        if (!jinja_is_sequence(&pair) || pair.list->count != 2)
            return jinja_fail(run, "a query is made of pairs");
        if ((!is_first && !jinja_write_byte(run, '&')) ||
            !write_url(run, &pair.list->items[0], true) || !jinja_write_byte(run, '=') ||
            !write_url(run, &pair.list->items[1], true))
            return false;
    }
}

static bool is_attribute_name(struct slice name)
{
    for (size_t n, i = 0; i < name.length; i += n) {
        uint32_t c = jinja_point(name.data + i, name.length - i, &n);
        if (jinja_is_space(c) || c == '/' || c == '>' || c == '=')
            return false;
    }
    return true;
}

FILTER(filter_xmlattr)
{
    bool autospace = !jinja_is_given(&call->arguments[0]) || jinja_truth(&call->arguments[0]);
    bool is_first = true, ok = true;
    if (call->self.kind != JINJA_DICT)
        return jinja_fail(run, "attributes are made from a dict");
    const struct jinja_dict *dict = call->self.dict;
    struct jinja_value key, value;
    size_t mark = jinja_mark(run);
    for (size_t i = 0; ok && i < dict->count; i++) {
        const struct jinja_entry *entry = &dict->entries[i];
        if (entry->value.kind == JINJA_NONE || entry->value.kind == JINJA_UNDEFINED)
            continue;
        if (!jinja_spend(run, 1) || !jinja_escape(run, &entry->key, &key) ||
            !jinja_escape(run, &entry->value, &value))
            return false;
        if (!is_attribute_name(jinja_slice(&key)))
            return jinja_fail(run, "'%s' is no name of an attribute", printable(jinja_slice(&key)));
        ok = ((is_first && !autospace) || jinja_write_byte(run, ' ')) &&
             jinja_write(run, jinja_slice(&key)) && jinja_write_text(run, "=\"") &&
             jinja_write(run, jinja_slice(&value)) && jinja_write_byte(run, '"');
        is_first = false;
    }
    return ok && jinja_take(run, mark, out);
}

/* '%s-%s'|format('a', 1) */
FILTER(filter_format)
{
    struct jinja_value values;
    struct slice text;
    if (call->count && call->n_keywords)
        return jinja_fail(run, "format takes values or names, not both");
    if (!self_text(run, call, &text))
        return false;
    if (!call->n_keywords)
        return jinja_new_list(run, JINJA_TUPLE, call->arguments, call->count, &values) &&
               jinja_format_percent(run, text, &values, out);
    struct jinja_dict *dict = jinja_new_dict(run, call->n_keywords);
    if (!dict)
        return false;
    for (size_t i = 0; i < call->n_keywords; i++)
        if (!jinja_put(run, dict, &call->keywords[i].name, &call->keywords[i].value))
            return false;
    values = jinja_dict_value(dict);
    return jinja_format_percent(run, text, &values, out);
}

static const struct jinja_builtin rows[] = {
    { "capitalize", filter_capitalize, 0, false, { NULL } },
    { "center", filter_center, 0, false, { "width" } },
    { "e", filter_escape, 0, false, { NULL } },
    { "escape", filter_escape, 0, false, { NULL } },
    { "forceescape", filter_forceescape, 0, false, { NULL } },
    { "format", filter_format, 0, true, { NULL } },
    { "indent", filter_indent, 0, false, { "width", "first", "blank" } },
    { "lower", filter_lower, 0, false, { NULL } },
    { "replace", filter_replace, 2, false, { "old", "new", "count" } },
    { "safe", filter_safe, 0, false, { NULL } },
    { "string", filter_string, 0, false, { NULL } },
    { "striptags", filter_striptags, 0, false, { NULL } },
    { "title", filter_title, 0, false, { NULL } },
    { "tojson", jinja_tojson, 0, false, { "ensure_ascii", "indent", "separators", "sort_keys" } },
    { "trim", filter_trim, 0, false, { "chars" } },
    { "truncate", filter_truncate, 0, false, { "length", "killwords", "end", "leeway" } },
    { "upper", filter_upper, 0, false, { NULL } },
    { "urlencode", filter_urlencode, 0, false, { NULL } },
    { "wordcount", filter_wordcount, 0, false, { NULL } },
    { "wordwrap",
      filter_wordwrap,
      0,
      false,
      { "width", "break_long_words", "wrapstring", "break_on_hyphens" } },
    { "xmlattr", filter_xmlattr, 0, false, { "autospace" } },
};
const struct jinja_builtins jinja_text_filters = { rows, COUNT_OF(rows) };
