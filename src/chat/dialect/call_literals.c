#include "chat/dialect/call_literals.h"

#include "chat/output/call_arguments.h"
#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

/* ---- where the arguments end ---- */

/* One byte outside of strings; true when it closes the arguments. */
static bool see_byte(struct literal_scan *s, char c)
{
    if ((c == '"' || c == '\'') && s->may_be_value)
        s->string = c;
    else if (memchr("([{", c, 3))
        s->depth++;
    else if (memchr(")]}", c, 3) && s->depth-- == 0)
        return true;
    if (!memchr(" \t\r\n", c, 4))
        s->may_be_value = memchr("([{,:=", c, 6) != NULL;
    return false;
}

bool find_literals_end(struct literal_scan *s, struct slice text, const char *quote, bool is_last)
{
    if (s->at == 0 && s->depth == 0)
        s->may_be_value = true;
    while (s->at < text.length) {
        struct slice rest = slice_from(text, s->at);
        if (*quote && !s->string && !is_last && may_become(rest, quote))
            return false;
        if (*quote && !s->string && begins_with(rest, quote)) {
            s->is_quoted = !s->is_quoted;
            s->may_be_value = false;
            s->at += strlen(quote);
            continue;
        }
        char c = text.data[s->at++];
        if (s->string) {
            s->string = c == s->string && !s->is_escaped ? 0 : s->string;
            s->is_escaped = c == '\\' && !s->is_escaped;
            s->may_be_value = false;
        } else if (!s->is_quoted && see_byte(s, c))
            return true;
    }
    return false;
}

/* ---- values ---- */

struct literals {
    struct slice rest;
    const char *quote;
    int depth;
};

static bool unreadable(const struct literals *l, struct error *err)
{
    return fail(err, ERROR_FORMAT, "an argument of a tool call cannot be read: '%s'",
                printable(l->rest));
}

static int peek(struct literals *l)
{
    while (l->rest.length && memchr(" \t\r\n", l->rest.data[0], 4))
        l->rest = slice_from(l->rest, 1);
    return l->rest.length ? (unsigned char)l->rest.data[0] : -1;
}

static bool take(struct literals *l, char c)
{
    bool is_there = peek(l) == (unsigned char)c;
    l->rest = slice_from(l->rest, is_there);
    return is_there;
}

static bool at_own_quote(struct literals *l)
{
    return *l->quote && peek(l) >= 0 && begins_with(l->rest, l->quote);
}

/* The bytes between the quotes that `l` begins with; the escapes of JSON's quotes are those of
 * JSON, else the few that Python's strings mostly have. */
static bool cut_string(struct literals *l, struct slice *inside, bool *has_escapes,
                       struct error *err)
{
    size_t end;
    *has_escapes = false;
    if (at_own_quote(l)) {
        struct slice text = slice_from(l->rest, strlen(l->quote));
        if ((end = find_tag(text, l->quote)) == SIZE_MAX)
            return unreadable(l, err);
        *inside = slice_to(text, end);
        l->rest = slice_from(text, end + strlen(l->quote));
        return true;
    }
    for (end = 1; end < l->rest.length && l->rest.data[end] != l->rest.data[0]; end++)
        if (l->rest.data[end] == '\\') {
            *has_escapes = true;
            end++;
        }
    if (end >= l->rest.length)
        return unreadable(l, err);
    *inside = (struct slice){ l->rest.data + 1, end - 1 };
    l->rest = slice_from(l->rest, end + 1);
    return true;
}

static bool append_unescaped(struct text *out, struct slice text, struct error *err)
{
    static const char names[] = "\\\"'/bfnrt", values[] = "\\\"'/\b\f\n\r\t";
    bool ok = true;
    for (size_t i = 0; ok && i < text.length; i++) {
        bool is_escape = text.data[i] == '\\' && i + 1 < text.length;
        const char *name = is_escape ? memchr(names, text.data[i + 1], sizeof names - 1) : NULL;
        ok = text_append_byte(out, name ? values[name - names] : text.data[i]);
        i += name != NULL;
    }
    return ok || fail_memory(err, text.length, "a string of a call");
}

/* With the escapes of JSON if it is JSON, quotes and all. */
static bool write_escaped(struct text *out, struct slice inside, struct error *err)
{
    struct error problem = { 0 };
    struct slice quoted = { inside.data - 1, inside.length + 2 };
    size_t begin = out->length;
    struct text plain;
    if (quoted.data[0] == '"' && write_json_value(out, quoted, &problem))
        return true;
    if (quoted.data[0] == '"' && !is_unreadable_only(&problem, err))
        return false;
    text_truncate(out, begin);
    text_init(&plain, SIZE_MAX);
    bool ok =
        append_unescaped(&plain, inside, err) && write_string_value(out, text_slice(&plain), err);
    text_release(&plain);
    return ok;
}

static bool write_string(struct text *out, struct literals *l, struct error *err)
{
    struct slice inside;
    bool has_escapes;
    if (!cut_string(l, &inside, &has_escapes, err))
        return false;
    return has_escapes ? write_escaped(out, inside, err) : write_string_value(out, inside, err);
}

/* A constant, a number, or text that forgot its quotes. */
static bool write_word(struct text *out, struct literals *l, struct error *err)
{
    static const char *const constants[][2] = {
        { "true", "true" },   { "True", "true" }, { "false", "false" },
        { "False", "false" }, { "null", "null" }, { "None", "null" },
    };
    size_t end = 0;
    while (end < l->rest.length && !memchr(",]})", l->rest.data[end], 4))
        end++;
    struct slice word = trim_space(slice_to(l->rest, end));
    if (word.length == 0)
        return unreadable(l, err);
    l->rest = slice_from(l->rest, end);
    for (size_t i = 0; i < COUNT_OF(constants); i++)
        if (slice_is(word, constants[i][0]))
            return write_word_value(out, constants[i][1], err);
    return is_number(word) ? write_number_value(out, word, err)
                           : write_string_value(out, word, err);
}

static bool write_members(struct text *out, struct literals *l, char sign, char last,
                          struct error *err);

static bool write_list(struct text *out, struct literals *l, char last, struct error *err);

static bool write_value(struct text *out, struct literals *l, struct error *err)
{
    bool ok, is_string = at_own_quote(l);
    int first = peek(l);
    if (l->depth == VALUE_DEPTH)
        return fail(err, ERROR_FORMAT, "a tool call is nested more than %d deep", VALUE_DEPTH);
    l->depth++;
    if (is_string || first == '"' || first == '\'')
        ok = write_string(out, l, err);
    else if (take(l, '['))
        ok = write_list(out, l, ']', err);
    else if (take(l, '('))
        ok = write_list(out, l, ')', err);
    else if (take(l, '{'))
        ok = write_members(out, l, ':', '}', err);
    else
        ok = write_word(out, l, err);
    l->depth--;
    return ok;
}

static bool write_list(struct text *out, struct literals *l, char last, struct error *err)
{
    bool ok = write_word_value(out, "[", err), is_closed = take(l, last), is_first = true;
    while (ok && !is_closed) {
        ok = (is_first || write_word_value(out, ",", err)) && write_value(out, l, err);
        is_first = false;
        is_closed = ok && take(l, last);
        if (ok && !is_closed)
            ok = take(l, ',') || unreadable(l, err);
        is_closed = is_closed || (ok && take(l, last)); /* behind a comma too many */
    }
    return ok && write_word_value(out, "]", err);
}

/* A key between quotes or up to the sign, and the sign; appended as bytes. */
static bool read_key(struct text *key, struct literals *l, char sign, struct error *err)
{
    int first = peek(l);
    bool has_escapes, ok;
    struct slice inside;
    if (at_own_quote(l) || first == '"' || first == '\'') {
        if (!cut_string(l, &inside, &has_escapes, err))
            return false;
        ok = has_escapes ? append_unescaped(key, inside, err) : text_append_slice(key, inside);
    } else {
        const char *end = l->rest.length ? memchr(l->rest.data, sign, l->rest.length) : NULL;
        if (!end)
            return unreadable(l, err);
        size_t length = (size_t)(end - l->rest.data);
        ok = text_append_slice(key, trim_space(slice_to(l->rest, length)));
        l->rest = slice_from(l->rest, length);
    }
    if (!ok)
        return fail_memory(err, l->rest.length, "the name of an argument");
    return take(l, sign) || unreadable(l, err);
}

static bool set_member(struct call_arguments *members, struct literals *l, char sign,
                       struct error *err)
{
    struct text key, *value;
    text_init(&key, SIZE_MAX);
    bool ok = read_key(&key, l, sign, err) &&
              call_arguments_set(members, text_slice(&key), &value, err) &&
              write_value(value, l, err);
    text_release(&key);
    return ok;
}

/* Members up to `last`, which is consumed; 0: to the end of the text. */
static bool write_members(struct text *out, struct literals *l, char sign, char last,
                          struct error *err)
{
    struct call_arguments members;
    bool ok = true, is_closed = last ? take(l, last) : peek(l) < 0;
    call_arguments_init(&members);
    while (ok && !is_closed) {
        ok = set_member(&members, l, sign, err);
        bool has_comma = ok && take(l, ',');
        is_closed = ok && (last ? take(l, last) : peek(l) < 0);
        if (ok && !is_closed && !has_comma)
            ok = unreadable(l, err);
    }
    ok = ok && call_arguments_write(&members, out, err);
    call_arguments_release(&members);
    return ok;
}

bool write_literals(struct text *out, struct slice text, char sign, const char *quote,
                    struct error *err)
{
    struct literals l = { .rest = text, .quote = quote };
    return write_members(out, &l, sign, '\0', err);
}
