#include "chat/output/call_arguments.h"
#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

/* OLMo 3: calls look like those of Python, one on a line. Its thinking models call no tools. */

#define CALLS_BEGIN "<function_calls>"
#define CALLS_END   "</function_calls>"

/* ---- values ---- */

/* Cut the text before the next comma that is in no bracket and no string off `rest`; false when
 * nothing is left. */
static bool next_part(struct slice *rest, struct slice *part)
{
    int depth = 0;
    char quote = 0;
    size_t i = 0;
    for (; i < rest->length; i++) {
        char c = rest->data[i];
        if (quote && c == '\\')
            i++;
        else if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (memchr("([{", c, 3))
            depth++;
        else if (memchr(")]}", c, 3))
            depth--;
        else if (c == ',' && depth == 0)
            break;
    }
    bool is_there = rest->length > 0;
    *part = trim_space((struct slice){ rest->data, size_min(i, rest->length) });
    *rest = slice_from(*rest, size_min(i + 1, rest->length));
    return is_there;
}

static bool is_enclosed(struct slice text, char first, char last)
{
    return text.length >= 2 && text.data[0] == first && text.data[text.length - 1] == last;
}

static bool is_quoted(struct slice text)
{
    return is_enclosed(text, '"', '"') || is_enclosed(text, '\'', '\'');
}

static struct slice inside(struct slice text)
{
    return (struct slice){ text.data + 1, text.length - 2 };
}

/* Without the backslash of the escapes that are known; others stay as they are. */
static bool write_unescaped(struct text *out, struct slice text, struct error *err)
{
    static const char names[] = "\\\"'ntr", values[] = "\\\"'\n\t\r";
    struct text plain;
    text_init(&plain, SIZE_MAX);
    bool ok = true;
    for (size_t i = 0; ok && i < text.length; i++) {
        bool is_escape = text.data[i] == '\\' && i + 1 < text.length;
        const char *name = is_escape ? memchr(names, text.data[i + 1], sizeof names - 1) : NULL;
        ok = text_append_byte(&plain, name ? values[name - names] : text.data[i]);
        i += name != NULL;
    }
    ok = ok ? write_string_value(out, text_slice(&plain), err)
            : fail_memory(err, text.length, "a string of a call");
    text_release(&plain);
    return ok;
}

static bool write_value(struct text *out, struct slice value, int depth, struct error *err);

static bool write_array(struct text *out, struct slice parts, int depth, struct error *err)
{
    struct slice part;
    bool ok = write_word_value(out, "[", err);
    for (size_t i = 0; ok && next_part(&parts, &part); i++)
        ok = (i == 0 || write_word_value(out, ",", err)) && write_value(out, part, depth, err);
    return ok && write_word_value(out, "]", err);
}

/* Parts with a name, a sign, and a value; the names of objects may be quoted. */
static bool set_members(struct call_arguments *members, struct slice parts, char sign, int depth,
                        struct error *err)
{
    struct slice part;
    struct text *value;
    while (next_part(&parts, &part)) {
        const char *at = part.length ? memchr(part.data, sign, part.length) : NULL;
        if (part.length == 0)
            continue;
        if (!at)
            return fail(err, ERROR_FORMAT, "'%s' has no '%c'", printable(part), sign);
        size_t length = (size_t)(at - part.data);
        struct slice name = trim_space((struct slice){ part.data, length });
        if (sign == ':' && is_quoted(name))
            name = inside(name);
        if (!call_arguments_set(members, name, &value, err) ||
            !write_value(value, trim_space(slice_from(part, length + 1)), depth, err))
            return false;
    }
    return true;
}

static bool write_members(struct text *out, struct slice parts, char sign, int depth,
                          struct error *err)
{
    struct call_arguments members;
    call_arguments_init(&members);
    bool ok =
        set_members(&members, parts, sign, depth, err) && call_arguments_write(&members, out, err);
    call_arguments_release(&members);
    return ok;
}

static const char *constant_of(struct slice value)
{
    static const struct {
        const char *spelling, *json;
    } constants[] = {
        { "true", "true" }, { "True", "true" }, { "false", "false" }, { "False", "false" },
        { "null", "null" }, { "None", "null" }, { "nil", "null" },
    };
    for (size_t i = 0; i < COUNT_OF(constants); i++)
        if (slice_equal(value, slice_of(constants[i].spelling)))
            return constants[i].json;
    return NULL;
}

static bool write_value(struct text *out, struct slice value, int depth, struct error *err)
{
    if (depth == VALUE_DEPTH)
        return fail(err, ERROR_FORMAT, "a tool call is nested more than %d deep", VALUE_DEPTH);
    const char *constant = constant_of(value);
    if (is_quoted(value))
        return write_unescaped(out, inside(value), err);
    if (constant)
        return write_word_value(out, constant, err);
    if (is_number(value))
        return write_number_value(out, value, err);
    if (is_enclosed(value, '[', ']'))
        return write_array(out, inside(value), depth + 1, err);
    if (is_enclosed(value, '{', '}'))
        return write_members(out, inside(value), ':', depth + 1, err);
    return write_string_value(out, value, err);
}

/* ---- calls ---- */

static bool is_name(struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.data[i], lower = (char)(c | 0x20);
        if (c != '_' && !(c >= '0' && c <= '9') && !(lower >= 'a' && lower <= 'z'))
            return false;
    }
    return text.length > 0;
}

/* name(argument=value, ...) */
static bool read_call(struct slice line, struct slice *name, struct text *arguments,
                      struct error *err)
{
    size_t open = find_tag(line, "(");
    *name = (struct slice){ line.data, open };
    if (open == SIZE_MAX || !ends_with(line, ")") || !is_name(*name))
        return fail(err, ERROR_FORMAT, "'%s' is no call", printable(line));
    struct slice parts = { line.data + open + 1, line.length - open - 2 };
    return write_members(arguments, parts, '=', 0, err);
}

static bool next_line(struct slice *rest, struct slice *line)
{
    bool is_there = rest->length > 0;
    size_t end = size_min(find_tag(*rest, "\n"), rest->length);
    *line = trim_space((struct slice){ rest->data, end });
    *rest = slice_from(*rest, size_min(end + 1, rest->length));
    return is_there;
}

/* Read each line's call, and emit it if `emits`. */
static bool read_calls(struct output_parser *p, struct slice lines, bool emits, struct error *err)
{
    struct slice line, name;
    bool ok = true;
    while (ok && next_line(&lines, &line)) {
        struct text arguments;
        text_init(&arguments, SIZE_MAX);
        if (line.length > 0)
            ok = read_call(line, &name, &arguments, err) &&
                 (!emits || emit_call(p, name, text_slice(&arguments), (struct slice){ 0 }, err));
        text_release(&arguments);
    }
    return ok;
}

/* One call that cannot be read makes the others doubtful: all or none. */
static bool emit_calls(struct output_parser *p, struct slice lines, struct error *err)
{
    struct error problem = { 0 };
    if (read_calls(p, lines, false, &problem))
        return read_calls(p, lines, true, err);
    return is_unreadable_only(&problem, err);
}

/* ---- OLMo 3 ---- */

struct olmo3 {
    bool in_calls;
};

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    struct olmo3 *s = p->state;
    static const char *const tags[] = { CALLS_BEGIN };
    static const struct text_until until = { .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 1 };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->in_calls = true;
    return STEP_AGAIN;
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct olmo3 *s = p->state;
    static const char *const tags[] = { CALLS_END };
    struct slice lines;
    if (!s->in_calls)
        return step_content(p, err);
    if (scan_piece(p, tags, 1, &lines) == NO_TAG)
        return STEP_WAIT;
    if (!emit_calls(p, lines, err))
        return STEP_FAILED;
    consume(p, lines.length + strlen(CALLS_END));
    s->in_calls = false;
    return STEP_AGAIN;
}

static const char *const preserved[] = { CALLS_BEGIN, CALLS_END, NULL };

const struct output_family output_olmo3 = {
    .facts = { "olmo3", .has_tools = true, .preserved = preserved },
    .state_bytes = sizeof(struct olmo3),
    .step = step,
};

/* ---- the models that think: always, and first ---- */

struct olmo3_think {
    enum { IN_THINKING, BEFORE_CONTENT, IN_CONTENT } place;
};

static void begin_think(struct output_parser *p)
{
    struct olmo3_think *s = p->state;
    s->place = has_prefilled_content(p) ? IN_CONTENT : IN_THINKING;
}

static enum step_result step_thinking(struct output_parser *p, struct error *err)
{
    struct olmo3_think *s = p->state;
    static const char *const tags[] = { "</think>" };
    static const struct text_until until = {
        .kind = OUTPUT_THINKING, .tags = tags, .n_tags = 1, .trims = 1, .drops_rest = true
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->place = BEFORE_CONTENT;
    return STEP_AGAIN;
}

static enum step_result step_think(struct output_parser *p, struct error *err)
{
    struct olmo3_think *s = p->state;
    static const struct text_until all = { .kind = OUTPUT_CONTENT };
    if (s->place == IN_THINKING)
        return step_thinking(p, err);
    if (s->place == BEFORE_CONTENT && !scan_past_space(p))
        return STEP_WAIT;
    s->place = IN_CONTENT;
    return scan_text(p, &all, err) == NO_TAG ? STEP_WAIT : STEP_FAILED;
}

static const char *const preserved_think[] = { "</think>", NULL };

const struct output_family output_olmo3_think = {
    .facts = { "olmo3-think", .has_thinking = true, .preserved = preserved_think },
    .state_bytes = sizeof(struct olmo3_think),
    .begin = begin_think,
    .step = step_think,
};
