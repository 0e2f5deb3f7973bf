#include "chat/coder_call.h"

#include "base/memory.h"
#include "chat/argument_types.h"
#include "chat/call_json.h"

enum { MAX_PARAMETERS = 1000, MAX_DEPTH = 64, NAME_BYTES = 4096 };

enum tag_kind { TAG_NONE, TAG_FUNCTION, TAG_PARAMETER, TAG_FUNCTION_END, TAG_PARAMETER_END };

struct tag {
    enum tag_kind kind;
    struct slice name; /* of the opening ones, not empty */
    size_t start, end; /* within the text */
};

static bool begins_with(struct slice text, const char *beginning)
{
    size_t n = strlen(beginning);
    return text.length >= n && memcmp(text.data, beginning, n) == 0;
}

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

struct parameter {
    struct slice name, value;
};

/* A name that occurs again keeps its place and takes the later value. */
static bool add_parameter(struct parameter *parameters, size_t *n, struct parameter added)
{
    for (size_t i = 0; i < *n; i++)
        if (slice_equal(parameters[i].name, added.name)) {
            parameters[i] = added;
            return true;
        }
    if (*n == MAX_PARAMETERS)
        return false;
    parameters[(*n)++] = added;
    return true;
}

static bool cannot_read(struct error *err, struct slice name, const char *why)
{
    return fail(err, ERROR_FORMAT, "the model's call of '%s' cannot be read: %s", printable(name),
                why);
}

/* What stands in `text` up to the end of the function; other functions in it are ignored. */
static bool read_parameters(struct slice text, const struct tag *function,
                            struct parameter *parameters, size_t *n, struct error *err)
{
    struct tag tag = next_tag(text, function->end);
    while (tag.kind == TAG_FUNCTION || tag.kind == TAG_PARAMETER) {
        struct tag end = closing_tag(text, &tag);
        if (end.kind == TAG_NONE)
            return cannot_read(err, function->name, "a parameter is not closed");
        struct slice value = { text.data + tag.end, end.start - tag.end };
        struct parameter parameter = { tag.name, without_line_breaks(value) };
        if (tag.kind == TAG_PARAMETER && !add_parameter(parameters, n, parameter))
            return cannot_read(err, function->name, "it has too many parameters");
        tag = next_tag(text, end.end);
    }
    return tag.kind == TAG_FUNCTION_END || cannot_read(err, function->name, "it is not closed");
}

static bool write_arguments(const struct output_parser *p, struct text *out, struct slice function,
                            const struct parameter *parameters, size_t n)
{
    bool ok = text_append_byte(out, '{');
    for (size_t i = 0; ok && i < n; i++) {
        struct argument_types types =
            argument_types_of(declared_argument(p, function, parameters[i].name));
        ok = (i == 0 || text_append_byte(out, ',')) && json_write_string(out, parameters[i].name) &&
             text_append_byte(out, ':') && argument_write(out, parameters[i].value, &types);
    }
    return ok && text_append_byte(out, '}');
}

bool emit_coder_call(struct output_parser *p, struct slice text, struct error *err)
{
    struct tag function = next_tag(text, 0);
    if (function.kind != TAG_FUNCTION)
        return fail(err, ERROR_FORMAT, "the model's tool call names no function");
    struct parameter *parameters = memory_zeroed(MAX_PARAMETERS, sizeof *parameters);
    size_t n = 0;
    struct text arguments;
    text_init(&arguments, CALL_BYTES);
    bool ok =
        parameters || fail_memory(err, MAX_PARAMETERS * sizeof *parameters, "a call's parameters");
    ok = ok && read_parameters(text, &function, parameters, &n, err);
    if (ok && !write_arguments(p, &arguments, function.name, parameters, n))
        ok = fail_memory(err, CALL_BYTES, "the arguments of a call");
    ok = ok && emit_call(p, function.name, text_slice(&arguments), (struct slice){ 0 }, err);
    text_release(&arguments);
    memory_free(parameters);
    return ok;
}
