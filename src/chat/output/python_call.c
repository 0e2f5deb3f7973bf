#include "chat/output/python_call.h"

#include "chat/output/call_arguments.h"
#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

static bool malformed(struct slice text, const char *what, struct error *err)
{
    return fail(err, ERROR_FORMAT, "the call '%s' has %s", printable(text), what);
}

static bool is_quote(char c)
{
    return c == '"' || c == '\'';
}

/* Where the string ends whose first quote is at `at`: its last quote, or the end of the text. */
static size_t last_quote(struct slice text, size_t at)
{
    size_t i = at + 1;
    while (i < text.length && text.data[i] != text.data[at])
        i += text.data[i] == '\\' ? 2 : 1;
    return size_min(i, text.length);
}

/* The first `c` at or behind `from` that is in no bracket and no string; the length when there is
 * none. */
static size_t find_outside(struct slice text, size_t from, char c)
{
    int depth = 0;
    size_t i = from;
    for (; i < text.length; i++) {
        char here = text.data[i];
        if (here == c && depth == 0)
            break;
        if (is_quote(here))
            i = last_quote(text, i);
        else if (memchr("([{", here, 3))
            depth++;
        else if (memchr(")]}", here, 3))
            depth -= depth > 0;
    }
    return size_min(i, text.length);
}

/* ---- values ---- */

static bool is_letter(char c)
{
    return c == '_' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static size_t word_end(struct slice text, size_t at)
{
    while (at < text.length &&
           (is_letter(text.data[at]) || (text.data[at] >= '0' && text.data[at] <= '9')))
        at++;
    return at;
}

static const char *constant_of(struct slice word)
{
    static const char *const constants[][2] = {
        { "true", "true" },   { "True", "true" }, { "false", "false" },
        { "False", "false" }, { "null", "null" }, { "None", "null" },
    };
    for (size_t i = 0; i < COUNT_OF(constants); i++)
        if (slice_equal(word, slice_of(constants[i][0])))
            return constants[i][1];
    return NULL;
}

/* A string with JSON's quotes. */
static bool append_string(struct text *json, struct slice text, size_t first, size_t last)
{
    bool ok = text_append_byte(json, '"');
    for (size_t i = first + 1; ok && i < last; i++) {
        char c = text.data[i];
        bool is_pair = c == '\\' && i + 1 < last;
        ok = (c != '"' || text_append_byte(json, '\\')) && text_append_byte(json, c);
        if (ok && is_pair)
            ok = text_append_byte(json, text.data[++i]);
    }
    return ok && (last == text.length || text_append_byte(json, '"'));
}

/* Python's quotes and constants become JSON's; the rest stays. */
static bool append_json(struct text *json, struct slice text)
{
    bool ok = true;
    for (size_t i = 0; ok && i < text.length;) {
        size_t end = i + 1;
        struct slice word = { text.data + i, word_end(text, i) - i };
        if (is_quote(text.data[i])) {
            size_t last = last_quote(text, i);
            ok = append_string(json, text, i, last);
            end = size_min(last + 1, text.length);
        } else if (is_letter(text.data[i])) {
            const char *constant = constant_of(word);
            ok = text_append_slice(json, constant ? slice_of(constant) : word);
            end = i + word.length;
        } else
            ok = text_append_byte(json, text.data[i]);
        i = end;
    }
    return ok;
}

/* A list or a dictionary, else the text as it is. */
static bool write_brackets(struct text *out, struct slice text, struct error *err)
{
    struct error problem = { 0 };
    size_t begin = out->length;
    struct text json;
    text_init(&json, SIZE_MAX);
    bool ok = append_json(&json, text);
    if (!ok)
        fail_memory(&problem, text.length, "a value of a call");
    ok = ok && write_json_value(out, text_slice(&json), &problem);
    text_release(&json);
    if (ok)
        return true;
    text_truncate(out, begin);
    return is_unreadable_only(&problem, err) && write_string_value(out, text, err);
}

static bool write_value(struct text *out, struct slice text, struct error *err)
{
    const char *constant = constant_of(text);
    if (constant)
        return write_word_value(out, constant, err);
    if (is_number(text))
        return write_number_value(out, text, err);
    if (begins_with(text, "[") || begins_with(text, "{"))
        return write_brackets(out, text, err);
    return write_string_value(out, text, err);
}

/* ---- arguments ---- */

/* The value that `text` begins with; *end is behind it. */
static bool write_first(struct text *out, struct slice text, size_t *end, struct error *err)
{
    if (!is_quote(text.data[0])) {
        *end = find_outside(text, 0, ',');
        return write_value(out, trim_space((struct slice){ text.data, *end }), err);
    }
    size_t last = last_quote(text, 0);
    *end = last + 1;
    if (last == text.length)
        return malformed(text, "a string without its end", err);
    return write_string_value(out, (struct slice){ text.data + 1, last - 1 }, err);
}

static size_t skip_separators(struct slice text)
{
    size_t at = leading_space(text);
    while (at < text.length && text.data[at] == ',') {
        at++;
        at += leading_space(slice_from(text, at));
    }
    return at;
}

static bool read_arguments(struct call_arguments *arguments, struct slice text, struct error *err)
{
    for (size_t end; (text = slice_from(text, skip_separators(text))).length > 0;
         text = slice_from(text, end)) {
        struct text *value;
        size_t sign = find_tag(text, "="), comma = find_tag(text, ",");
        struct slice name = trim_space((struct slice){ text.data, size_min(sign, text.length) });
        if (sign > comma || sign == SIZE_MAX || name.length == 0)
            return malformed(text, "an argument without a name", err);
        text = trim_left(slice_from(text, sign + 1));
        if (text.length == 0)
            return malformed(name, "an argument without a value", err);
        if (!call_arguments_set(arguments, name, &value, err) ||
            !write_first(value, text, &end, err))
            return false;
    }
    return true;
}

static bool write_arguments(struct text *out, struct slice text, struct error *err)
{
    struct call_arguments arguments;
    call_arguments_init(&arguments);
    bool ok = read_arguments(&arguments, text, err) && call_arguments_write(&arguments, out, err);
    call_arguments_release(&arguments);
    return ok;
}

/* ---- calls ---- */

/* Read the call that `text` begins with, and emit it if `emits`; *end is behind it. */
static bool read_call(struct output_parser *p, struct slice text, bool emits, size_t *end,
                      struct error *err)
{
    size_t open = find_tag(text, "(");
    struct slice name = trim_space((struct slice){ text.data, size_min(open, text.length) });
    if (open == SIZE_MAX || name.length == 0)
        return malformed(text, "no name or no parenthesis", err);
    size_t close = find_outside(text, open + 1, ')');
    if (close == text.length)
        return malformed(text, "an open parenthesis", err);
    *end = close + 1;
    struct text arguments;
    text_init(&arguments, SIZE_MAX);
    struct slice written = { text.data + open + 1, close - open - 1 };
    bool ok = write_arguments(&arguments, written, err) &&
              (!emits || emit_call(p, name, text_slice(&arguments), (struct slice){ 0 }, err));
    text_release(&arguments);
    return ok;
}

static bool read_calls(struct output_parser *p, struct slice text, bool emits, struct error *err)
{
    while (text.length > 0) {
        size_t end = 0;
        if (text.data[0] == ',')
            text = trim_left(slice_from(text, 1));
        if (text.length > 0 && !read_call(p, text, emits, &end, err))
            return false;
        text = trim_left(slice_from(text, end));
    }
    return true;
}

bool emit_python_calls(struct output_parser *p, struct slice text, struct error *err)
{
    text = trim_space(text);
    if (text.length >= 2 && text.data[0] == '[' && text.data[text.length - 1] == ']')
        text = trim_space((struct slice){ text.data + 1, text.length - 2 });
    if (text.length == 0)
        return fail(err, ERROR_FORMAT, "there is no call between the tags of calls");
    return read_calls(p, text, false, err) && read_calls(p, text, true, err);
}
