#include "chat/output/atem_call.h"

#include "chat/output/argument_types.h"
#include "chat/output/call_arguments.h"
#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

#define INVOKE        "<atem:invoke name=\""
#define INVOKE_END    "</atem:invoke>"
#define PARAMETER     "<atem:parameter name=\""
#define PARAMETER_END "</atem:parameter>"
#define NAME_END      "\">"
#define STRAY         "<|message|>" /* the model puts it into or behind names now and then */

enum { NAME_BYTES = 4096 };

static const char NAME_OF_TOOL[] = "in the name of a tool";

struct slice atem_tool(const struct output_parser *p, struct slice name)
{
    if (name.length > 0 && declared_tool(p, name))
        return name;
    size_t dot = find_tag(name, ".");
    struct slice space = { name.data, dot }, rest;
    if (dot == SIZE_MAX)
        return (struct slice){ 0 };
    rest = slice_from(name, dot + 1);
    struct slice own_space = { rest.data, size_min(find_tag(rest, "."), rest.length) };
    bool is_known = rest.length > 0 && slice_equal(space, own_space) && declared_tool(p, rest);
    return is_known ? rest : (struct slice){ 0 };
}

/* Take `prefix` off; false when it is not there. */
static bool skip(struct slice *text, const char *prefix)
{
    if (!begins_with(*text, prefix))
        return false;
    *text = slice_from(*text, strlen(prefix));
    return true;
}

static bool skip_last(struct slice *text, const char *suffix)
{
    if (!ends_with(*text, suffix))
        return false;
    text->length -= strlen(suffix);
    return true;
}

static bool malformed(const char *what, struct slice text, struct error *err)
{
    return fail(err, ERROR_FORMAT, "a tool call has %s: '%s'", what, printable(text));
}

/* The name of the tool, without stray tags; one of them may stand for the end of the name when
 * parameters follow it. Cuts it off `text`. */
static bool read_name(struct slice *text, struct text *name, struct error *err)
{
    bool is_ended = false;
    while (!is_ended) {
        size_t end = find_tag(*text, NAME_END), stray = find_tag(*text, STRAY);
        size_t length = size_min(end, stray);
        if (length == SIZE_MAX)
            return malformed("no end of its name", *text, err);
        if (!append_within(name, (struct slice){ text->data, length }, NAME_OF_TOOL, err))
            return false;
        is_ended = end < stray;
        *text = slice_from(*text, length + strlen(is_ended ? NAME_END : STRAY));
        is_ended = is_ended || begins_with(*text, PARAMETER);
    }
    return true;
}

/* Cut the next parameter off `text`. */
static bool set_parameter(const struct output_parser *p, struct call_arguments *arguments,
                          struct slice tool, struct slice *text, struct error *err)
{
    struct slice whole = *text;
    struct text *out;
    size_t name_end = skip(text, PARAMETER) ? find_tag(*text, NAME_END) : SIZE_MAX;
    if (name_end == SIZE_MAX)
        return malformed("no parameter where one belongs", whole, err);
    struct slice name = { text->data, name_end };
    *text = slice_from(*text, name_end + strlen(NAME_END));
    size_t end = find_tag(*text, PARAMETER_END);
    if (end == SIZE_MAX)
        return malformed("a parameter without its end", whole, err);
    struct slice value = { text->data, end };
    struct argument_types types = argument_types_of(declared_parameters(p, tool), name);
    *text = slice_from(*text, end + strlen(PARAMETER_END));
    skip(text, "\n");
    return call_arguments_set(arguments, name, &out, err) &&
           argument_write(out, value, &types, err);
}

static bool write_parameters(const struct output_parser *p, struct slice tool, struct text *out,
                             struct slice text, struct error *err)
{
    struct call_arguments arguments;
    bool ok = true;
    call_arguments_init(&arguments);
    skip(&text, "\n");
    skip_last(&text, "\n");
    while (ok && text.length > 0)
        ok = set_parameter(p, &arguments, tool, &text, err);
    ok = ok && call_arguments_write(&arguments, out, err);
    call_arguments_release(&arguments);
    return ok;
}

/* The call's name, and what is left of `text`: the parameters. */
static bool open_call(struct slice *text, struct text *name, struct error *err)
{
    struct slice whole = *text = trim_space(*text);
    if (!skip(text, ATEM_CALLS) || !skip_last(text, ATEM_CALLS_END))
        return malformed("no tags of calls around it", whole, err);
    *text = trim_space(*text);
    if (!skip(text, INVOKE) || !ends_with(*text, INVOKE_END))
        return malformed("no tags of a call around it", whole, err);
    return read_name(text, name, err) &&
           (skip_last(text, INVOKE_END) || malformed("no end behind its name", whole, err));
}

bool emit_atem_call(struct output_parser *p, struct slice text, struct slice tool,
                    struct error *err)
{
    struct text name, arguments;
    text_init(&name, NAME_BYTES);
    text_init(&arguments, SIZE_MAX);
    bool ok = open_call(&text, &name, err);
    if (ok && !slice_equal(atem_tool(p, text_slice(&name)), tool))
        ok = fail(err, ERROR_FORMAT, "the model's message to '%s' calls '%s'", printable(tool),
                  printable(text_slice(&name)));
    ok = ok && write_parameters(p, tool, &arguments, text, err) &&
         emit_call(p, tool, text_slice(&arguments), (struct slice){ 0 }, err);
    text_release(&name);
    text_release(&arguments);
    return ok;
}

bool atem_called_tool(const struct output_parser *p, struct slice text, struct slice *tool,
                      struct error *err)
{
    struct text name;
    struct error problem = { 0 };
    *tool = (struct slice){ 0 };
    text_init(&name, NAME_BYTES);
    bool ok = open_call(&text, &name, &problem);
    if (ok) {
        const struct json *declared = declared_tool(p, atem_tool(p, text_slice(&name)));
        if (declared) /* the name as declared outlives the one that was read */
            *tool = json_text(json_get(declared, "name"));
    }
    text_release(&name);
    return ok || is_unreadable_only(&problem, err);
}
