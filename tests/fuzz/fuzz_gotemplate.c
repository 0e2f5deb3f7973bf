/* fuzz_gotemplate.c: any bytes as a Go template; what compiles must render some conversation, or
 * say why not, within its limits. */
#include "base/base.h"
#include "base/json.h"
#include "chat/gotemplate_builtin.h"
#include "chat/gotemplate_prompt.h"
#include "chat/gotemplate_tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char CONTEXT[] =
    "{\"messages\":[{\"role\":\"system\",\"content\":\"S\"},{\"role\":\"user\",\"content\":\"<a> "
    "\\u00e9\",\"images\":[\"AA==\"]},{\"role\":\"assistant\",\"thinking\":\"t\",\"tool_calls\":[{"
    "\"function\":{\"name\":\"f\",\"arguments\":{\"x\":1.5,\"y\":[null,true,\"z\"]}}}]},{\"role\":"
    "\"tool\",\"content\":\"1\"}],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\","
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"x\":{\"type\":[\"number\",\"null\"]}},"
    "\"required\":[\"x\"]}}}],\"think\":true}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gotemplate *t;
    struct gotemplate_tags tags;
    struct gotemplate_options options = { .now = 0 };
    struct slice source = { (const char *)data, size };
    struct error err;
    struct text out;
    const struct json *context;
    (void)gotemplate_builtin_detect(source);
    if (!gotemplate_compile(&t, source, &err))
        return 0;
    text_init(&out, 1 << 20);
    if (!json_open(&context, CONTEXT, sizeof CONTEXT - 1, "context", &err))
        return 0;
    (void)!gotemplate_find_tags(t, &tags, &err);
    (void)!gotemplate_prompt_from_context(t, context, 0, &out, &err);
    text_clear(&out);
    (void)!gotemplate_render(t, context, &options, &out, &err);
    json_close(&context);
    text_release(&out);
    gotemplate_close(&t);
    return 0;
}
