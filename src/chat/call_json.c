#include "chat/call_json.h"

#include "base/utf8.h"
#include "chat/white_space.h"

static bool append_valid(struct text *out, struct slice bytes)
{
    bool ok = true;
    for (size_t i = 0; ok && i < bytes.length;) {
        size_t n = utf8_length((const uint8_t *)bytes.data + i, bytes.length - i);
        ok = n ? text_append(out, bytes.data + i, n) : text_append_string(out, "\xef\xbf\xbd");
        i += n ? n : 1;
    }
    return ok;
}

bool call_json_open(const struct json **out, struct slice text, struct error *err)
{
    static const char WHAT[] = "the model's JSON";
    if (utf8_valid((const uint8_t *)text.data, text.length))
        return json_open(out, text.data, text.length, WHAT, err);
    struct text valid;
    text_init(&valid, CALL_BYTES);
    bool ok = append_valid(&valid, text);
    ok = ok ? json_open(out, valid.data, valid.length, WHAT, err)
            : fail_memory(err, text.length, WHAT);
    text_release(&valid);
    return ok;
}

bool emit_call_with(struct output_parser *p, struct slice name, const struct json *arguments,
                    struct slice id, struct error *err)
{
    enum json_kind kind = json_kind(arguments);
    if (kind == JSON_KIND_NONE || kind == JSON_KIND_NULL)
        return emit_call(p, name, slice_of("{}"), id, err);
    if (kind != JSON_KIND_OBJECT)
        return fail(err, ERROR_FORMAT, "the arguments of the model's call of '%s' are no object",
                    printable(name));
    struct text written;
    text_init(&written, CALL_BYTES);
    bool ok = json_write(&written, arguments);
    ok = ok ? emit_call(p, name, text_slice(&written), id, err)
            : fail_memory(err, CALL_BYTES, "the arguments of a call");
    text_release(&written);
    return ok;
}

bool emit_json_call(struct output_parser *p, struct slice text, struct error *err)
{
    const struct json *call;
    if (!call_json_open(&call, trim_space(text), err))
        return fail_while(err, "reading a tool call");
    struct slice name = json_text(json_get(call, "name"));
    bool ok = name.length > 0
                  ? emit_call_with(p, name, json_get(call, "arguments"), (struct slice){ 0 }, err)
                  : fail(err, ERROR_FORMAT, "the model's tool call has no name");
    json_close(&call);
    return ok;
}
