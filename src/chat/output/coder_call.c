#include "chat/output/coder_call.h"

#include "chat/output/argument_types.h"
#include "chat/output/call_arguments.h"
#include "chat/output/output_scan.h"

enum { MAX_DEPTH = 64, NAME_BYTES = 4096 };

enum tag_kind { TAG_NONE, TAG_FUNCTION, TAG_PARAMETER, TAG_FUNCTION_END, TAG_PARAMETER_END };

struct tag {
    enum tag_kind kind;
    struct slice name; /* of the opening ones, not empty */
    size_t start, end; /* within the text */
};

/* The tag that begins where `text` does, at `at` of the whole. */
static struct tag read_tag(struct slice text, size_t at)
{
    static const struct {
        const char *spelling;
        enum tag_kind kind;
    } tags[] = {
        { "<function=", TAG_FUNCTION },
        { "<parameter=", TAG_PARAMETER },
        { "</function>", TAG_FUNCTION_END },
        { "</parameter>", TAG_PARAMETER_END },
    };
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        if (!begins_with(text, tags[i].spelling))
            continue;
        size_t n = strlen(tags[i].spelling);
        struct tag tag = { .kind = tags[i].kind, .start = at, .end = at + n };
        if (tag.kind == TAG_FUNCTION_END || tag.kind == TAG_PARAMETER_END)
            return tag;
        const char *close = memchr(text.data + n, '>', size_min(text.length - n, NAME_BYTES));
        if (!close || close == text.data + n)
            break;
        tag.name = (struct slice){ text.data + n, (size_t)(close - text.data) - n };
        tag.end += tag.name.length + 1;
        return tag;
    }
    return (struct tag){ .kind = TAG_NONE };
}

static struct tag next_tag(struct slice text, size_t from)
{
    const char *less;
    while (from < text.length && (less = memchr(text.data + from, '<', text.length - from))) {
        size_t at = (size_t)(less - text.data);
        struct tag tag = read_tag((struct slice){ less, text.length - at }, at);
        if (tag.kind != TAG_NONE)
            return tag;
        from = at + 1;
    }
    return (struct tag){ .kind = TAG_NONE };
}

/* The tag that closes `opening`; TAG_NONE when none does or nesting is wrong. */
static struct tag closing_tag(struct slice text, const struct tag *opening)
{
    enum tag_kind open[MAX_DEPTH] = { opening->kind };
    size_t depth = 1;
    struct tag tag = *opening;
    while (depth > 0) {
        tag = next_tag(text, tag.end);
        bool opens = tag.kind == TAG_FUNCTION || tag.kind == TAG_PARAMETER;
        enum tag_kind closes = tag.kind == TAG_FUNCTION_END ? TAG_FUNCTION : TAG_PARAMETER;
        if (tag.kind == TAG_NONE || (opens && depth == MAX_DEPTH) ||
            (!opens && open[depth - 1] != closes))
            return (struct tag){ .kind = TAG_NONE };
        if (opens)
            open[depth++] = tag.kind;
        else
            depth--;
    }
    return tag;
}

static struct slice without_line_breaks(struct slice value)
{
    if (value.length && value.data[0] == '\n')
        value = (struct slice){ value.data + 1, value.length - 1 };
    if (value.length && value.data[value.length - 1] == '\n')
        value.length--;
    return value;
}

static bool cannot_read(struct error *err, struct slice name, const char *why)
{
    return fail(err, ERROR_FORMAT, "a tool call, '%s', cannot be read: %s", printable(name), why);
}

static bool set_argument(const struct output_parser *p, struct call_arguments *arguments,
                         struct slice function, struct slice name, struct slice raw,
                         struct error *err)
{
    struct argument_types types = argument_types_of(declared_parameters(p, function), name);
    struct text *value;
    return call_arguments_set(arguments, name, &value, err) &&
           argument_write(value, without_line_breaks(raw), &types, err);
}

/* What stands in `text` up to the end of the function; other functions in it are ignored. */
static bool read_arguments(const struct output_parser *p, struct slice text,
                           const struct tag *function, struct call_arguments *arguments,
                           struct error *err)
{
    struct tag tag = next_tag(text, function->end);
    while (tag.kind == TAG_FUNCTION || tag.kind == TAG_PARAMETER) {
        struct tag end = closing_tag(text, &tag);
        if (end.kind == TAG_NONE)
            return cannot_read(err, function->name, "a parameter is not closed");
        struct slice raw = { text.data + tag.end, end.start - tag.end };
        if (tag.kind == TAG_PARAMETER &&
            !set_argument(p, arguments, function->name, tag.name, raw, err))
            return false;
        tag = next_tag(text, end.end);
    }
    return tag.kind == TAG_FUNCTION_END || cannot_read(err, function->name, "it is not closed");
}

bool emit_coder_call(struct output_parser *p, struct slice text, struct error *err)
{
    struct tag function = next_tag(text, 0);
    if (function.kind != TAG_FUNCTION)
        return fail(err, ERROR_FORMAT, "a tool call names no function");
    struct call_arguments arguments;
    struct text written;
    call_arguments_init(&arguments);
    text_init(&written, SIZE_MAX);
    bool ok = read_arguments(p, text, &function, &arguments, err) &&
              call_arguments_write(&arguments, &written, err) &&
              emit_call(p, function.name, text_slice(&written), (struct slice){ 0 }, err);
    text_release(&written);
    call_arguments_release(&arguments);
    return ok;
}
