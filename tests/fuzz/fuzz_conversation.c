/* fuzz_conversation.c: any JSON as messages and tools; what is taken for a conversation becomes a
 * prompt by templates that need every supplement and by those that need none. */
#include "base/base.h"
#include "base/utf8.h"
#include "chat/chat_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT(string)               \
    {                              \
        string, sizeof(string) - 1 \
    }

/* Turns of two roles; everything as it is; a Go template without messages. */
static const struct chat_template_sources SOURCES[] = {
    { .model = { NULL, 0 } },
    { .user_is_jinja = true,
      .user = TEXT("{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
                   "{{ raise_exception('in turns') }}{% endif %}{% if m.role == 'system' %}"
                   "{{ raise_exception('who?') }}{% endif %}{{ m.role }}:{{ m.content|trim }};"
                   "{% endfor %}") },
    { .user_is_jinja = true,
      .user = TEXT("{{ messages|tojson }}{{ tools|tojson }}{{ enable_thinking }}") },
    { .user = TEXT("{{ .System }}{{ .Prompt }}{{ .Response }}") },
    { .renderer = "qwen3-coder" },
};
enum { N_SOURCES = COUNT_OF(SOURCES) };

static void check(const struct chat_template *t, const struct prompt_request *request)
{
    struct error err = { 0 };
    struct text out;
    text_init(&out, (size_t)1 << 26);
    if (chat_template_render(t, request, &out, &err))
        assert(utf8_valid((const uint8_t *)text_slice(&out).data, out.length));
    else
        assert(out.length == 0 && err.code != ERROR_NONE && err.message[0]);
    text_release(&out);
}

static void render_all(const struct conversation *conversation, const struct json *variables)
{
    static struct chat_template *templates[N_SOURCES]; /* open until the end */
    for (size_t i = 0; i < N_SOURCES; i++) {
        struct error err = { 0 };
        bool ok = templates[i] || chat_template_open(&templates[i], &SOURCES[i], &err);
        assert(ok);
        struct prompt_request request = { .conversation = conversation,
                                          .variables = variables,
                                          .think = { true, i % 2, "low" } };
        if (!ok)
            continue;
        check(templates[i], &request);
        request.continues_answer = true;
        check(templates[i], &request);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json *json, *variables;
    struct conversation *conversation;
    struct error err = { 0 };
    if (!json_open(&json, (const char *)data, size, "fuzz", &err))
        return 0;
    variables = json_get(json, "variables");
    if (conversation_open(&conversation, json_get(json, "messages"), json_get(json, "tools"),
                          json_text(json_get(json, "system")), &err))
        render_all(conversation, json_kind(variables) == JSON_KIND_OBJECT ? variables : NULL);
    else
        assert(err.code != ERROR_NONE && err.message[0] && !conversation);
    conversation_close(&conversation);
    json_close(&json);
    return 0;
}
