#include "chat/output/call_json.h"

#include "chat/output/call_value.h"
#include "chat/white_space.h"

bool call_json_open(const struct json **out, struct slice text, struct error *err)
{
    struct text valid;
    text_init(&valid, SIZE_MAX);
    bool ok = write_json_value(&valid, text, err) &&
              json_open(out, valid.data, valid.length, "a tool call", err);
    text_release(&valid);
    return ok;
}

static bool emit_call_with(struct output_parser *p, struct slice name, const struct json *arguments,
                           struct error *err)
{
    static const struct slice no_id = { 0 };
    enum json_kind kind = json_kind(arguments);
    if (kind == JSON_KIND_NONE || kind == JSON_KIND_NULL)
        return emit_call(p, name, slice_of("{}"), no_id, err);
    if (kind != JSON_KIND_OBJECT)
        return fail(err, ERROR_FORMAT, "the arguments of a tool call, '%s', are no object",
                    printable(name));
    struct text written;
    text_init(&written, SIZE_MAX);
    bool ok = json_write(&written, arguments)
                  ? emit_call(p, name, text_slice(&written), no_id, err)
                  : fail_memory(err, written.length, "the arguments of a call");
    text_release(&written);
    return ok;
}

bool emit_json_call(struct output_parser *p, struct slice text, struct error *err)
{
    const struct json *call;
    if (!call_json_open(&call, trim_space(text), err))
        return false;
    struct slice name = json_text(json_get(call, "name"));
    bool ok = name.length > 0 ? emit_call_with(p, name, json_get(call, "arguments"), err)
                              : fail(err, ERROR_FORMAT, "a tool call has no name");
    json_close(&call);
    return ok;
}
