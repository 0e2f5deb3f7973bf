#include "chat/output/laguna_call.h"

#include "chat/output/arg_value_call.h"
#include "chat/output/call_json.h"
#include "chat/output/call_value.h"
#include "chat/output/output_scan.h"

/* What is between the tags of a call, of which the model repeats some. */
static struct slice without_tags(struct slice text)
{
    text = trim_space(text);
    while (begins_with(text, LAGUNA_CALL))
        text = trim_left(slice_from(text, strlen(LAGUNA_CALL)));
    text.length = size_min(text.length, find_tag(text, LAGUNA_CALL_END));
    text.length = size_min(text.length, find_tag(text, LAGUNA_CALL));
    return trim_right(text);
}

/* The declared tool that the model means. */
static struct slice declared_name(const struct output_parser *p, struct slice name)
{
    static const char *const aliases[][2] = {
        { "read_file", "read" },
        { "write_file", "write" },
        { "edit_file", "edit" },
        { "web_fetch", "webfetch" },
    };
    for (size_t i = 0; !declared_tool(p, name) && i < COUNT_OF(aliases); i++)
        if (slice_equal(name, slice_of(aliases[i][0])) && declared_tool(p, slice_of(aliases[i][1])))
            return slice_of(aliases[i][1]);
    return name;
}

/* ---- arguments ---- */

/* Cut the next key and value off `rest`. */
static bool next_pair(struct slice *rest, struct slice *key, struct slice *value)
{
    size_t begin = find_tag(*rest, ARG_KEY);
    if (begin == SIZE_MAX)
        return false;
    struct slice text = slice_from(*rest, begin + strlen(ARG_KEY));
    for (size_t end = 0, at; (at = find_tag(slice_from(text, end), ARG_KEY_END)) != SIZE_MAX;) {
        *key = (struct slice){ text.data, end + at };
        end += at + strlen(ARG_KEY_END);
        struct slice behind = trim_left(slice_from(text, end));
        size_t value_end = find_tag(behind, ARG_VALUE_END);
        if (!begins_with(behind, ARG_VALUE) || value_end == SIZE_MAX)
            continue;
        size_t length = strlen(ARG_VALUE);
        *value = (struct slice){ behind.data + length, value_end - length };
        *rest = slice_from(behind, value_end + strlen(ARG_VALUE_END));
        return true;
    }
    return false;
}

static bool write_pairs(const struct output_parser *p, struct slice name, struct text *out,
                        struct slice text, struct error *err)
{
    struct call_arguments arguments;
    struct slice key, value;
    bool ok = true;
    call_arguments_init(&arguments);
    while (ok && next_pair(&text, &key, &value))
        ok = set_typed_argument(p, &arguments, name, trim_space(key), value, err);
    ok = ok && call_arguments_write(&arguments, out, err);
    call_arguments_release(&arguments);
    return ok;
}

/* ---- calls ---- */

/* The name goes to the first brace or the first key. */
static bool emit_named(struct output_parser *p, struct slice text, struct error *err)
{
    size_t end = find_tag(text, ARG_KEY);
    if (end == SIZE_MAX)
        end = size_min(find_tag(text, "{"), text.length);
    struct slice name = declared_name(p, trim_space((struct slice){ text.data, end }));
    struct slice rest = slice_from(text, end);
    if (name.length == 0)
        return fail(err, ERROR_FORMAT, "the model's tool call has no name");
    struct text arguments;
    text_init(&arguments, SIZE_MAX);
    bool ok = (begins_with(rest, "{") ? write_json_object(&arguments, rest, err)
                                      : write_pairs(p, name, &arguments, rest, err)) &&
              emit_call(p, name, text_slice(&arguments), (struct slice){ 0 }, err);
    text_release(&arguments);
    return ok;
}

static bool emit_object(struct output_parser *p, const struct json *call, struct error *err)
{
    struct slice name = json_text(json_get(call, "name"));
    const struct json *arguments = json_get(call, "arguments");
    enum json_kind kind = json_kind(arguments);
    if (name.length == 0)
        return fail(err, ERROR_FORMAT, "the model's tool call has no name");
    if (kind != JSON_KIND_OBJECT && kind != JSON_KIND_NULL && kind != JSON_KIND_NONE)
        return fail(err, ERROR_FORMAT, "the arguments of the model's call of '%s' are no object",
                    printable(name));
    struct text written;
    text_init(&written, SIZE_MAX);
    bool ok = kind == JSON_KIND_OBJECT ? json_write(&written, arguments)
                                       : text_append_string(&written, "{}");
    ok = ok ? emit_call(p, declared_name(p, name), text_slice(&written), (struct slice){ 0 }, err)
            : fail_memory(err, written.length, "the arguments of a call");
    text_release(&written);
    return ok;
}

bool emit_laguna_call(struct output_parser *p, struct slice text, struct error *err)
{
    const struct json *call;
    text = without_tags(text);
    if (!begins_with(text, "{"))
        return emit_named(p, text, err);
    if (!call_json_open(&call, text, err))
        return fail_while(err, "reading a tool call");
    bool ok = emit_object(p, call, err);
    json_close(&call);
    return ok;
}

/* ---- calls without the tags of calls ---- */

/* The name up to the first key, brace or line break. */
static struct slice plain_name(struct slice text)
{
    static const char *const ends[] = { ARG_KEY, "{", "\n", "\r" };
    size_t end = text.length;
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        end = size_min(end, find_tag(text, ends[i]));
    return trim_space((struct slice){ text.data, end });
}

static bool names_declared(const struct output_parser *p, struct slice text, bool *is_declared,
                           struct error *err)
{
    struct error problem = { 0 };
    const struct json *call;
    *is_declared = false;
    if (!begins_with(text, "{")) {
        *is_declared = declared_tool(p, declared_name(p, plain_name(text))) != NULL;
        return true;
    }
    if (!call_json_open(&call, text, &problem))
        return is_unreadable_only(&problem, err);
    struct slice name = json_text(json_get(call, "name"));
    *is_declared = declared_tool(p, declared_name(p, name)) != NULL;
    json_close(&call);
    return true;
}

bool emit_declared_laguna_call(struct output_parser *p, struct slice text, bool *is_call,
                               struct error *err)
{
    struct error problem = { 0 };
    text = without_tags(text);
    if (!names_declared(p, text, is_call, err))
        return false;
    if (!*is_call || emit_laguna_call(p, text, &problem))
        return true;
    *is_call = false;
    return is_unreadable_only(&problem, err);
}
