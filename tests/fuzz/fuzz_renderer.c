/* fuzz_renderer.c: any JSON as a conversation {messages, tools, think, image_tags, now}, for each
 * renderer; what one refuses leaves no text. */
#include "base/base.h"
#include "chat/renderer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void render_all(const struct renderer_input *input)
{
    for (size_t i = 0; renderer_name_at(i); i++) {
        struct text out;
        struct error err = { 0 };
        text_init(&out, 4 << 20);
        bool ok = renderer_render(&out, renderer_name_at(i), input, &err);
        assert(ok || out.length == 0);
        assert(ok || err.code == ERROR_USAGE || err.code == ERROR_MEMORY);
        text_release(&out);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json *json;
    struct error err = { 0 };
    if (!json_open(&json, (const char *)data, size, "a conversation", &err))
        return 0;
    struct renderer_input input = {
        .messages = json_get(json, "messages"),
        .tools = json_get(json, "tools"),
        .now = json_int(json_get(json, "now"), 0),
        .image_tags = json_flag(json_get(json, "image_tags"), false),
    };
    if (think_read(&input.think, json_get(json, "think"), &err))
        render_all(&input);
    json_close(&json);
    return 0;
}
