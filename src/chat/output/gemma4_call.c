#include "chat/output/gemma4_call.h"

#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

#include <strings.h>

static const size_t quote_length = sizeof GEMMA4_QUOTE - 1;

static bool built(bool ok, struct slice text, struct error *err)
{
    return ok || fail_memory(err, text.length, "the arguments of a call");
}

/* ---- where things end ---- */

static size_t skip_space(struct slice text, size_t at)
{
    return at + leading_space(slice_from(text, at));
}

/* Behind the string that begins with the double quote at `at`; 0 when it does not end. */
static size_t json_string_end(struct slice text, size_t at)
{
    for (size_t i = at + 1; i < text.length; i++)
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '"')
            return i + 1;
    return 0;
}

/* The same for a string in the quotes of Gemma. */
static size_t gemma_string_end(struct slice text, size_t at)
{
    size_t end = find_tag(slice_from(text, at + quote_length), GEMMA4_QUOTE);
    return end == SIZE_MAX ? 0 : at + quote_length + end + quote_length;
}

static bool is_quote(struct slice text, size_t at)
{
    return begins_with(slice_from(text, at), GEMMA4_QUOTE);
}

/* Behind the string of either kind that begins at `at`; 0 when none does. */
static size_t string_end(struct slice text, size_t at)
{
    size_t end = is_quote(text, at) ? gemma_string_end(text, at) : 0;
    return end == 0 && text.data[at] == '"' ? json_string_end(text, at) : end;
}

/* Letters outside of ASCII all count as parts of names. */
static size_t name_end(struct slice text, size_t at)
{
    for (; at < text.length; at++) {
        unsigned char c = (unsigned char)text.data[at], lower = c | 0x20;
        if (c < 0x80 && c != '_' && !(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z'))
            break;
    }
    return at;
}

static bool is_at(struct slice text, size_t at, char c)
{
    return at < text.length && text.data[at] == c;
}

/* ---- as JSON ---- */

static bool append_range(struct text *out, struct slice text, size_t begin, size_t end)
{
    return text_append(out, text.data + begin, end - begin);
}

/* A name without quotes, and the white space before it. */
static bool append_name(struct text *out, struct slice text, size_t *at)
{
    size_t begin = skip_space(text, *at), end = name_end(text, begin);
    bool ok = append_range(out, text, *at, begin);
    *at = begin;
    if (end == begin || !is_at(text, end, ':'))
        return ok;
    *at = end;
    return ok && text_append_byte(out, '"') && append_range(out, text, begin, end) &&
           text_append_byte(out, '"');
}

static bool append_json(struct text *json, struct slice text)
{
    bool ok = true;
    for (size_t i = 0; ok && i < text.length;) {
        size_t end = string_end(text, i);
        if (end && is_quote(text, i)) {
            struct slice inside = { text.data + i + quote_length, end - i - 2 * quote_length };
            ok = json_write_string(json, inside);
            i = end;
        } else if (end) {
            ok = append_range(json, text, i, end);
            i = end;
        } else {
            bool before_name = text.data[i] == '{' || text.data[i] == ',';
            ok = text_append_byte(json, text.data[i++]);
            if (ok && before_name)
                ok = append_name(json, text, &i);
        }
    }
    return ok;
}

static bool write_arguments(struct text *out, struct slice text, struct error *err)
{
    struct text json;
    text_init(&json, SIZE_MAX);
    text_clear(out);
    bool ok = built(append_json(&json, text), text, err) &&
              write_json_object(out, text_slice(&json), err);
    text_release(&json);
    return ok;
}

/* ---- repair: each step appends all of `text`, changed or not ---- */

/* Behind the single-quoted text that begins at `at`; 0 when it does not end. */
static size_t single_quoted_end(struct slice text, size_t at)
{
    for (size_t i = at + 1; i < text.length; i++)
        if (text.data[i] == '\\')
            i++;
        else if (text.data[i] == '\'')
            return i + 1;
    return 0;
}

static bool append_requoted(struct text *out, struct slice text, size_t *at)
{
    size_t begin = skip_space(text, *at + 1);
    size_t end = is_at(text, begin, '\'') ? single_quoted_end(text, begin) : 0;
    bool ok = append_range(out, text, *at, begin);
    *at = begin;
    if (end == 0)
        return ok;
    *at = end + (is_quote(text, end) ? quote_length : 0); /* often both quotes close it */
    return ok && text_append_string(out, GEMMA4_QUOTE) &&
           append_range(out, text, begin + 1, end - 1) && text_append_string(out, GEMMA4_QUOTE);
}

/* Values in single quotes get those of Gemma. */
static bool requote_values(struct text *out, struct slice text)
{
    bool ok = true;
    for (size_t i = 0; ok && i < text.length;) {
        size_t end = string_end(text, i);
        if (end == 0 && is_quote(text, i))
            end = text.length;
        if (end == 0 && text.data[i] == ':') {
            ok = append_requoted(out, text, &i);
            continue;
        }
        end = end ? end : i + 1;
        ok = append_range(out, text, i, end);
        i = end;
    }
    return ok;
}

static bool has_open_string(struct slice text)
{
    bool is_open = false;
    for (size_t at; (at = find_tag(text, GEMMA4_QUOTE)) != SIZE_MAX; is_open = !is_open)
        text = slice_from(text, at + quote_length);
    return is_open;
}

/* A string without its end is closed, before a last bracket. */
static bool close_string(struct text *out, struct slice text)
{
    size_t end = trim_right(text).length;
    if (!has_open_string(text))
        return text_append_slice(out, text);
    if (end > 0 && (text.data[end - 1] == '}' || text.data[end - 1] == ']'))
        end--;
    return append_range(out, text, 0, end) && text_append_string(out, GEMMA4_QUOTE) &&
           append_range(out, text, end, text.length);
}

static bool close_object(struct text *out, struct slice text)
{
    struct slice inner = trim_space(text);
    bool is_open = begins_with(inner, "{") && !ends_with(inner, "}");
    return text_append_slice(out, text) && (!is_open || text_append_byte(out, '}'));
}

/* The usual repairs of `text`; the object is closed when `closes`, or when another repair was
 * needed. */
static bool repair(struct text *out, struct slice text, bool closes)
{
    struct text requoted, closed;
    text_init(&requoted, SIZE_MAX);
    text_init(&closed, SIZE_MAX);
    bool ok = requote_values(&requoted, text) && close_string(&closed, text_slice(&requoted));
    closes |= ok && !slice_equal(text_slice(&closed), text);
    ok = ok && (closes ? close_object(out, text_slice(&closed))
                       : text_append_slice(out, text_slice(&closed)));
    text_release(&requoted);
    text_release(&closed);
    return ok;
}

/* ---- repair: text without quotes, where the tool declares a string ---- */

static bool is_string_name(const struct json *type)
{
    struct slice name = json_text(type);
    return name.length == 6 && strncasecmp(name.data, "string", 6) == 0;
}

static bool accepts_string(const struct json *declaration, int depth)
{
    const struct json *type = json_get(declaration, "type"),
                      *any_of = json_get(declaration, "anyOf");
    bool accepts = is_string_name(type);
    for (size_t i = 0; !accepts && i < json_size(type); i++)
        accepts = is_string_name(json_at(type, i));
    for (size_t i = 0; depth > 0 && !accepts && i < json_size(any_of); i++)
        accepts = accepts_string(json_at(any_of, i), depth - 1);
    return accepts;
}

/* Behind the colon of the next `name`, from `at` on; 0 when there is none. */
static size_t value_of(struct slice text, struct slice name, size_t at)
{
    while (at < text.length) {
        size_t end = string_end(text, at);
        if (end == 0 && is_quote(text, at))
            return 0;
        bool before_name = end == 0 && (text.data[at] == '{' || text.data[at] == ',');
        at = end ? end : at + 1;
        if (!before_name)
            continue;
        size_t begin = skip_space(text, at);
        bool has_name = text.length - begin >= name.length &&
                        memcmp(text.data + begin, name.data, name.length) == 0;
        size_t colon = has_name ? skip_space(text, begin + name.length) : text.length;
        if (is_at(text, colon, ':'))
            return colon + 1;
    }
    return 0;
}

static bool is_spelled(struct slice text, size_t at)
{
    return at < text.length &&
           (is_quote(text, at) || memchr("'\"{[-0123456789tfn", text.data[at], 17));
}

/* Text ends before a comma and the name of another argument, or with the object. */
static size_t bare_text_end(const struct output_parser *p, struct slice tool, struct slice text,
                            size_t at)
{
    for (; at < text.length; at++) {
        if (text.data[at] != ',')
            continue;
        size_t begin = skip_space(text, at + 1), end = name_end(text, begin);
        struct slice name = { text.data + begin, end - begin };
        if (end > begin && is_at(text, skip_space(text, end), ':') &&
            declared_argument(p, tool, name))
            return at;
    }
    size_t end = trim_right(text).length;
    return is_at(text, end - 1, '}') ? end - 1 : text.length;
}

static bool quote_range(struct text *out, struct slice text, size_t begin, size_t end)
{
    return append_range(out, text, 0, begin) && text_append_string(out, GEMMA4_QUOTE) &&
           append_range(out, text, begin, end) && text_append_string(out, GEMMA4_QUOTE) &&
           append_range(out, text, end, text.length);
}

/* Where the value of `name` begins that is neither quoted nor any other JSON; 0 when there is
 * none. */
static size_t bare_text_of(struct slice text, struct slice name)
{
    size_t at = value_of(text, name, 0);
    while (at && is_spelled(text, skip_space(text, at)))
        at = value_of(text, name, at);
    return at;
}

/* Quote the first such text; `out` stays empty when there is none. */
static bool quote_bare_text(const struct output_parser *p, struct slice tool, struct text *out,
                            struct slice text)
{
    const struct json *parameters = json_get(declared_tool(p, tool), "parameters");
    const struct json *declared = json_get(parameters, "properties");
    for (const struct json_member *m = json_first(declared); m; m = json_next(declared, m)) {
        size_t at =
            accepts_string(json_member_value(m), 8) ? bare_text_of(text, json_member_key(m)) : 0;
        if (at)
            return quote_range(out, text, at, size_max(at, bare_text_end(p, tool, text, at)));
    }
    return true;
}

/* ---- calls ---- */

static bool write_repaired(struct text *out, struct slice text, bool closes, struct error *err)
{
    struct text repaired;
    text_init(&repaired, SIZE_MAX);
    bool ok = built(repair(&repaired, text, closes), text, err) &&
              write_arguments(out, text_slice(&repaired), err);
    text_release(&repaired);
    return ok;
}

static bool write_quoted(const struct output_parser *p, struct slice tool, struct text *out,
                         struct slice text, struct error *err)
{
    struct text quoted;
    text_init(&quoted, SIZE_MAX);
    bool ok = built(quote_bare_text(p, tool, &quoted, text), text, err);
    if (ok && quoted.length == 0)
        ok = fail(err, ERROR_FORMAT, "cannot read the arguments '%s'", printable(text));
    ok = ok && write_repaired(out, text_slice(&quoted), true, err);
    text_release(&quoted);
    return ok;
}

bool emit_gemma4_call(struct output_parser *p, struct slice text, struct error *err)
{
    size_t brace = find_tag(text, "{");
    if (!begins_with(text, "call:") || brace == SIZE_MAX)
        return fail(err, ERROR_FORMAT, "'%s' is no call", printable(text));
    struct slice name = trim_space((struct slice){ text.data + 5, brace - 5 });
    struct slice written = slice_from(text, brace);
    struct error problem = { 0 };
    struct text arguments;
    text_init(&arguments, SIZE_MAX);
    bool ok = write_arguments(&arguments, written, &problem);
    if (!ok && problem.code == ERROR_FORMAT)
        ok = write_repaired(&arguments, written, false, &problem);
    if (!ok && problem.code == ERROR_FORMAT)
        ok = write_quoted(p, name, &arguments, written, &problem);
    if (!ok && err)
        *err = problem;
    ok = ok && emit_call(p, name, text_slice(&arguments), (struct slice){ 0 }, err);
    text_release(&arguments);
    return ok;
}
