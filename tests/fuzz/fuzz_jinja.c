/* fuzz_jinja.c: any bytes as a template; what compiles is rendered, within its limits. */
#include "base/base.h"
#include "base/utf8.h"
#include "chat/jinja.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char CONTEXT[] =
    "{\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},"
    "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"h\\u00e9llo <b>\"}]},"
    "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"function\":{\"name\":\"f\","
    "\"arguments\":{\"x\":1.5,\"y\":[true,null]}}}]}],\"tools\":null,\"bos_token\":\"<s>\","
    "\"add_generation_prompt\":true,\"n\":123456789012345678901234567890,"
    "\"x\":{\"a\":{\"b\":[1,2,3]}}}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct json *context;
    struct jinja_options options = jinja_defaults();
    struct jinja_template *template;
    struct error err;
    struct text out;
    if (!context && !json_open(&context, CONTEXT, sizeof CONTEXT - 1, "context", &err))
        return 0;
    /* Less than in earnest, so that more inputs are tried. */
    options.limits.steps = 50000;
    options.limits.memory_bytes = (size_t)4 << 20;
    options.limits.output_bytes = (size_t)1 << 20;
    text_init(&out, (size_t)1 << 24);
    if (!jinja_compile(&template, (struct slice){ (const char *)data, size }, &err))
        return 0;
    if (jinja_render(template, context, &options, &out, &err))
        assert(utf8_valid((const uint8_t *)text_slice(&out).data, out.length));
    else
        assert(out.length == 0 && err.code != ERROR_NONE && err.code != ERROR_MEMORY);
    text_release(&out);
    jinja_close(&template);
    return 0;
}
