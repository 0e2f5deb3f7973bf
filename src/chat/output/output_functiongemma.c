#include "chat/output/call_arguments.h"
#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

/* FunctionGemma: call:name{key:value,...} between tags; strings stand between <escape> and
 * <escape>. */

#define CALL_BEGIN "<start_function_call>"
#define CALL_END   "<end_function_call>"
#define QUOTE      "<escape>"

static const size_t quote_length = sizeof QUOTE - 1;

/* Cut the text before the next comma that is in no bracket and no string off `rest`; empty parts
 * are passed over; false when nothing is left. */
static bool next_part(struct slice *rest, struct slice *part)
{
    do {
        int depth = 0;
        bool is_quoted = false;
        size_t i = 0;
        for (; i < rest->length; i++) {
            char c = rest->data[i];
            if (begins_with(slice_from(*rest, i), QUOTE)) {
                is_quoted = !is_quoted;
                i += quote_length - 1;
            } else if (!is_quoted && (c == '{' || c == '['))
                depth++;
            else if (!is_quoted && (c == '}' || c == ']'))
                depth--;
            else if (!is_quoted && c == ',' && depth == 0)
                break;
        }
        *part = (struct slice){ rest->data, i };
        *rest = slice_from(*rest, size_min(i + 1, rest->length));
    } while (part->length == 0 && rest->length > 0);
    return part->length > 0;
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

/* Parts without a colon are passed over. */
static bool write_object(struct text *out, struct slice parts, int depth, struct error *err)
{
    struct call_arguments members;
    struct slice part;
    struct text *value;
    bool ok = true;
    call_arguments_init(&members);
    while (ok && next_part(&parts, &part)) {
        size_t colon = find_tag(part, ":");
        struct slice name = { part.data, colon };
        if (colon != SIZE_MAX)
            ok = call_arguments_set(&members, name, &value, err) &&
                 write_value(value, slice_from(part, colon + 1), depth, err);
    }
    ok = ok && call_arguments_write(&members, out, err);
    call_arguments_release(&members);
    return ok;
}

static struct slice inside(struct slice text, size_t n_bytes)
{
    return (struct slice){ text.data + n_bytes, text.length - 2 * n_bytes };
}

static bool is_enclosed(struct slice text, const char *first, const char *last)
{
    return text.length >= strlen(first) + strlen(last) && begins_with(text, first) &&
           ends_with(text, last);
}

static bool write_value(struct text *out, struct slice value, int depth, struct error *err)
{
    if (depth == VALUE_DEPTH)
        return fail(err, ERROR_FORMAT, "a tool call is nested more than %d deep", VALUE_DEPTH);
    if (is_enclosed(value, QUOTE, QUOTE))
        return write_string_value(out, inside(value, quote_length), err);
    if (slice_equal(value, slice_of("true")) || slice_equal(value, slice_of("false")))
        return write_word_value(out, value.data[0] == 't' ? "true" : "false", err);
    if (is_number(trim_left(value)))
        return write_number_value(out, trim_left(value), err);
    if (is_enclosed(value, "[", "]"))
        return write_array(out, inside(value, 1), depth + 1, err);
    if (is_enclosed(value, "{", "}"))
        return write_object(out, inside(value, 1), depth + 1, err);
    return write_string_value(out, value, err);
}

/* The name, and the text between its brace and the last one of the line. */
static bool read_call(struct slice text, struct slice *name, struct slice *arguments)
{
    for (size_t at; (at = find_tag(text, "call:")) != SIZE_MAX;) {
        text = slice_from(text, at + strlen("call:"));
        size_t brace = find_tag(text, "{");
        if (brace == SIZE_MAX)
            return false;
        struct slice rest = slice_from(text, brace + 1);
        size_t line = size_min(find_tag(rest, "\n"), rest.length);
        const char *last = memrchr(rest.data, '}', line);
        *name = (struct slice){ text.data, brace };
        *arguments = (struct slice){ rest.data, last ? (size_t)(last - rest.data) : 0 };
        if (last && brace > 0)
            return true;
    }
    return false;
}

static bool emit_read_call(struct output_parser *p, struct slice text, struct error *err)
{
    struct error problem = { 0 };
    struct slice name, written;
    struct text arguments;
    if (!read_call(text, &name, &written))
        return true;
    text_init(&arguments, SIZE_MAX);
    bool ok = write_object(&arguments, written, 0, &problem);
    ok = ok ? emit_call(p, name, text_slice(&arguments), (struct slice){ 0 }, err)
            : is_unreadable_only(&problem, err);
    text_release(&arguments);
    return ok;
}

/* ---- the answer ---- */

struct functiongemma {
    bool in_call;
};

static enum step_result step_content(struct output_parser *p, struct error *err)
{
    struct functiongemma *s = p->state;
    static const char *const tags[] = { CALL_BEGIN };
    static const struct text_until until = {
        .kind = OUTPUT_CONTENT, .tags = tags, .n_tags = 1, .drops_rest = true
    };
    int tag = scan_text(p, &until, err);
    if (tag < 0)
        return tag == NO_TAG ? STEP_WAIT : STEP_FAILED;
    s->in_call = true;
    return STEP_AGAIN;
}

static enum step_result step(struct output_parser *p, struct error *err)
{
    struct functiongemma *s = p->state;
    static const char *const tags[] = { CALL_END };
    struct slice text;
    if (!s->in_call)
        return step_content(p, err);
    if (scan_piece(p, tags, 1, &text) == NO_TAG)
        return STEP_WAIT;
    if (!emit_read_call(p, text, err))
        return STEP_FAILED;
    consume(p, text.length + strlen(CALL_END));
    s->in_call = false;
    return STEP_AGAIN;
}

static const char *const preserved[] = { CALL_BEGIN, CALL_END, NULL };

const struct output_family output_functiongemma = {
    .facts = { "functiongemma", .has_tools = true, .preserved = preserved },
    .state_bytes = sizeof(struct functiongemma),
    .step = step,
};
