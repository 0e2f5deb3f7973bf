/* Methods of str that make another text of it or tell what kind of text it is. */
#include "chat/jinja/jinja_builtin.h"
#include "chat/jinja/jinja_format.h"
#include "chat/jinja/jinja_iterate.h"
#include "chat/jinja/jinja_string.h"
#include "chat/jinja/jinja_unicode.h"

#define METHOD(name) \
    static bool name(struct jinja_run *run, const struct jinja_call *call, struct jinja_value *out)

static bool change_case(struct jinja_run *run, const struct jinja_call *call, enum jinja_case to,
                        struct jinja_value *out)
{
    size_t mark = jinja_mark(run);
    return jinja_write_case(run, jinja_slice(&call->self), to) && jinja_take(run, mark, out);
}

METHOD(method_upper)
{
    return change_case(run, call, JINJA_UPPER, out);
}

METHOD(method_lower)
{
    return change_case(run, call, JINJA_LOWER, out);
}

METHOD(method_title)
{
    return change_case(run, call, JINJA_TITLE, out);
}

METHOD(method_capitalize)
{
    return change_case(run, call, JINJA_CAPITALIZE, out);
}

METHOD(method_swapcase)
{
    return change_case(run, call, JINJA_SWAP, out);
}

METHOD(method_casefold)
{
    return change_case(run, call, JINJA_FOLD, out);
}

static bool strip(struct jinja_run *run, const struct jinja_call *call, bool left, bool right,
                  struct jinja_value *out)
{
    struct slice text = jinja_slice(&call->self), set = { NULL, 0 };
    const struct jinja_value *chars = &call->arguments[0];
    if (!jinja_is_given(chars) || chars->kind == JINJA_NONE)
        return jinja_view_string(run, jinja_strip(text, left, right), out);
    return jinja_text_argument(run, chars, "chars", &set) &&
           jinja_strip_set(run, text, set, left, right, &text) && jinja_view_string(run, text, out);
}

METHOD(method_strip)
{
    return strip(run, call, true, true, out);
}

METHOD(method_lstrip)
{
    return strip(run, call, true, false, out);
}

METHOD(method_rstrip)
{
    return strip(run, call, false, true, out);
}

METHOD(method_replace)
{
    const struct jinja_value *a = call->arguments;
    struct slice old, new;
    int64_t count = -1;
    return jinja_text_argument(run, &a[0], "old", &old) &&
           jinja_text_argument(run, &a[1], "new", &new) &&
           jinja_integer_argument(run, &a[2], "count", &count) &&
           jinja_replace(run, jinja_slice(&call->self), old, new, count, out);
}

METHOD(method_removeprefix)
{
    struct slice text = jinja_slice(&call->self), prefix;
    if (!jinja_text_argument(run, &call->arguments[0], "prefix", &prefix))
        return false;
    bool has = text.length >= prefix.length && memcmp(text.data, prefix.data, prefix.length) == 0;
    size_t n = has ? prefix.length : 0;
    return jinja_view_string(run, (struct slice){ text.data + n, text.length - n }, out);
}

METHOD(method_removesuffix)
{
    struct slice text = jinja_slice(&call->self), suffix;
    if (!jinja_text_argument(run, &call->arguments[0], "suffix", &suffix))
        return false;
    bool has = text.length >= suffix.length &&
               memcmp(text.data + text.length - suffix.length, suffix.data, suffix.length) == 0;
    text.length -= has ? suffix.length : 0;
    return jinja_view_string(run, text, out);
}

/* The width and the character to fill with. */
static bool read_padding(struct jinja_run *run, const struct jinja_call *call, int64_t *width,
                         struct slice *fill)
{
    *fill = slice_of(" ");
    *width = 0;
    if (!jinja_integer_argument(run, &call->arguments[0], "width", width) ||
        !jinja_text_argument(run, &call->arguments[1], "fillchar", fill))
        return false;
    return jinja_count_points(*fill) == 1 || jinja_fail(run, "'fillchar' is one character");
}

static bool justify(struct jinja_run *run, const struct jinja_call *call, bool to_left,
                    struct jinja_value *out)
{
    int64_t width, length = (int64_t)call->self.string->n_points;
    struct slice fill, text = jinja_slice(&call->self);
    if (!read_padding(run, call, &width, &fill))
        return false;
    size_t mark = jinja_mark(run);
    uint64_t rest = width > length ? (uint64_t)(width - length) : 0;
    return (to_left || jinja_write_times(run, fill, rest)) && jinja_write(run, text) &&
           (!to_left || jinja_write_times(run, fill, rest)) && jinja_take(run, mark, out);
}

METHOD(method_ljust)
{
    return justify(run, call, true, out);
}

METHOD(method_rjust)
{
    return justify(run, call, false, out);
}

METHOD(method_center)
{
    int64_t width;
    struct slice fill;
    return read_padding(run, call, &width, &fill) &&
           jinja_center(run, jinja_slice(&call->self), width, fill, out);
}

METHOD(method_zfill)
{
    struct slice text = jinja_slice(&call->self);
    int64_t width = 0, length = (int64_t)call->self.string->n_points;
    size_t mark = jinja_mark(run);
    if (!jinja_integer_argument(run, &call->arguments[0], "width", &width))
        return false;
    size_t sign = text.length && (text.data[0] == '-' || text.data[0] == '+');
    return jinja_write(run, (struct slice){ text.data, sign }) &&
           jinja_write_times(run, slice_of("0"), width > length ? (uint64_t)(width - length) : 0) &&
           jinja_write(run, (struct slice){ text.data + sign, text.length - sign }) &&
           jinja_take(run, mark, out);
}

METHOD(method_expandtabs)
{
    struct slice text = jinja_slice(&call->self);
    int64_t size = 8, column = 0;
    size_t mark = jinja_mark(run);
    bool ok = jinja_integer_argument(run, &call->arguments[0], "tabsize", &size);
    for (size_t n, i = 0; ok && i < text.length; i += n) {
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        int64_t blanks = c == '\t' && size > 0 ? size - column % size : 0;
        ok = jinja_spend(run, 1) &&
             (c == '\t' ? jinja_write_times(run, slice_of(" "), (uint64_t)blanks)
                        : jinja_write(run, (struct slice){ text.data + i, n }));
        column = c == '\n' || c == '\r' ? 0 : c == '\t' ? column + blanks : column + 1;
    }
    return ok && jinja_take(run, mark, out);
}

METHOD(method_join)
{
    struct jinja_iterator *it;
    struct jinja_value element;
    size_t mark = jinja_mark(run);
    if (!jinja_iterate(run, &call->arguments[0], &it))
        return false;
    for (bool is_first = true;; is_first = false) {
        if (!jinja_next(run, it, &element))
            return false;
        if (!jinja_is_given(&element))
            return jinja_take(run, mark, out);
        if (element.kind != JINJA_STRING)
            return jinja_fail(run, "only texts can be joined, not a %s", jinja_type_name(&element));
        if ((!is_first && !jinja_write(run, jinja_slice(&call->self))) ||
            !jinja_write(run, jinja_slice(&element)))
            return false;
    }
}

METHOD(method_format)
{
    return jinja_format_braces(run, jinja_slice(&call->self), call, out);
}

/* Whether the text is not empty and all its characters are of a class. */
static bool all_are(struct jinja_run *run, const struct jinja_call *call, bool (*is)(uint32_t c),
                    bool when_empty, struct jinja_value *out)
{
    struct slice text = jinja_slice(&call->self);
    bool all = text.length > 0 || when_empty;
    if (!jinja_spend(run, text.length / 4))
        return false;
    for (size_t n, i = 0; all && i < text.length; i += n)
        all = is(jinja_point(text.data + i, text.length - i, &n));
    *out = jinja_bool(all);
    return true;
}

static bool is_alnum(uint32_t c)
{
    return jinja_is_alpha(c) || jinja_is_numeric(c) || jinja_is_digit(c);
}

static bool is_ascii(uint32_t c)
{
    return c < 0x80;
}

static bool is_shown(uint32_t c)
{
    return jinja_is_printable(c);
}

METHOD(method_isalpha)
{
    return all_are(run, call, jinja_is_alpha, false, out);
}

METHOD(method_isalnum)
{
    return all_are(run, call, is_alnum, false, out);
}

METHOD(method_isdigit)
{
    return all_are(run, call, jinja_is_digit, false, out);
}

METHOD(method_isdecimal)
{
    return all_are(run, call, jinja_is_decimal, false, out);
}

METHOD(method_isnumeric)
{
    return all_are(run, call, jinja_is_numeric, false, out);
}

METHOD(method_isspace)
{
    return all_are(run, call, jinja_is_space, false, out);
}

METHOD(method_isascii)
{
    return all_are(run, call, is_ascii, true, out);
}

METHOD(method_isprintable)
{
    return all_are(run, call, is_shown, true, out);
}

METHOD(method_isidentifier)
{
    struct slice text = jinja_slice(&call->self);
    bool begins_with_digit = text.length && text.data[0] >= '0' && text.data[0] <= '9';
    if (!all_are(run, call, jinja_is_word, false, out))
        return false;
    *out = jinja_bool(out->boolean && !begins_with_digit);
    return true;
}

static bool ask_test(struct jinja_run *run, const struct jinja_call *call, const char *test,
                     struct jinja_value *out)
{
    struct jinja_call question = { .self = call->self };
    return jinja_call_builtin(run, jinja_find_test(slice_of(test)), &question, out);
}

METHOD(method_isupper)
{
    return ask_test(run, call, "upper", out);
}

METHOD(method_islower)
{
    return ask_test(run, call, "lower", out);
}

METHOD(method_istitle)
{
    struct slice text = jinja_slice(&call->self);
    bool in_word = false, any = false, holds = jinja_spend(run, text.length / 4);
    if (!holds)
        return false;
    for (size_t n, i = 0; holds && i < text.length; i += n) {
        uint32_t c = jinja_point(text.data + i, text.length - i, &n);
        bool is_capital = jinja_is_upper(c) || jinja_is_title(c), is_small = jinja_is_lower(c);
        holds = is_capital ? !in_word : !is_small || in_word;
        in_word = is_capital || is_small;
        any = any || in_word;
    }
    *out = jinja_bool(holds && any);
    return true;
}

METHOD(method_unsupported)
{
    (void)call;
    (void)out;
    return jinja_fail(run, "this method of str makes or needs what templates do not have");
}

static const struct jinja_builtin rows[] = {
    { "strip", method_strip, 0, false, { "chars" } },
    { "lstrip", method_lstrip, 0, false, { "chars" } },
    { "rstrip", method_rstrip, 0, false, { "chars" } },
    { "replace", method_replace, 2, false, { "old", "new", "count" } },
    { "upper", method_upper, 0, false, { NULL } },
    { "lower", method_lower, 0, false, { NULL } },
    { "title", method_title, 0, false, { NULL } },
    { "capitalize", method_capitalize, 0, false, { NULL } },
    { "swapcase", method_swapcase, 0, false, { NULL } },
    { "casefold", method_casefold, 0, false, { NULL } },
    { "removeprefix", method_removeprefix, 1, false, { "prefix" } },
    { "removesuffix", method_removesuffix, 1, false, { "suffix" } },
    { "ljust", method_ljust, 1, false, { "width", "fillchar" } },
    { "rjust", method_rjust, 1, false, { "width", "fillchar" } },
    { "center", method_center, 1, false, { "width", "fillchar" } },
    { "zfill", method_zfill, 1, false, { "width" } },
    { "expandtabs", method_expandtabs, 0, false, { "tabsize" } },
    { "join", method_join, 1, false, { "iterable" } },
    { "format", method_format, 0, true, { NULL } },
    { "isalpha", method_isalpha, 0, false, { NULL } },
    { "isalnum", method_isalnum, 0, false, { NULL } },
    { "isdigit", method_isdigit, 0, false, { NULL } },
    { "isdecimal", method_isdecimal, 0, false, { NULL } },
    { "isnumeric", method_isnumeric, 0, false, { NULL } },
    { "isspace", method_isspace, 0, false, { NULL } },
    { "isascii", method_isascii, 0, false, { NULL } },
    { "isprintable", method_isprintable, 0, false, { NULL } },
    { "isidentifier", method_isidentifier, 0, false, { NULL } },
    { "isupper", method_isupper, 0, false, { NULL } },
    { "islower", method_islower, 0, false, { NULL } },
    { "istitle", method_istitle, 0, false, { NULL } },
    { "encode", method_unsupported, 0, true, { NULL } },
    { "translate", method_unsupported, 0, true, { NULL } },
    { "maketrans", method_unsupported, 0, true, { NULL } },
    { "format_map", method_unsupported, 0, true, { NULL } },
};
const struct jinja_builtins jinja_string_methods = { rows, COUNT_OF(rows) };
