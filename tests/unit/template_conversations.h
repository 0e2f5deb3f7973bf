/* template_conversations.h: conversations and templates for the tests of chat templates.
 *
 * Owns how both are made of texts. One test program includes it once, after test.h. */
#ifndef TEMPLATE_CONVERSATIONS_H
#define TEMPLATE_CONVERSATIONS_H

#include "base/json.h"
#include "base/slice_text.h"
#include "base/text.h"
#include "chat/chat_template.h"

static const char TOOLS[] =
    "[{\"type\":\"function\",\"function\":{\"name\":\"find_otter\",\"description\":\"finds them\","
    "\"parameters\":{\"type\":\"object\",\"properties\":{\"river\":{\"type\":\"string\","
    "\"description\":\"where\"}},\"required\":[\"river\"]}}},"
    "{\"type\":\"function\",\"function\":{\"name\":\"count_heron\"}}]";

static inline const struct json *json_from(const char *source)
{
    const struct json *json;
    struct error err = { 0 };
    if (!json_open(&json, source, strlen(source), "the test", &err))
        fail_msg("%s", err.message);
    return json;
}

/* Messages and tools as JSON; tools may be NULL. */
static inline struct conversation *conversation_from(const char *messages, const char *tools)
{
    struct conversation *conversation;
    const struct json *m = json_from(messages), *t = tools ? json_from(tools) : NULL;
    struct error err = { 0 };
    assert_ok(conversation_open(&conversation, m, t, slice_of(""), &err), err);
    json_close(&m);
    json_close(&t);
    return conversation;
}

#define CHATML                                                                                    \
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' " \
    "+ "                                                                                          \
    "'\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif " \
    "%}"

static inline struct chat_template *template_from(const char *jinja)
{
    struct chat_template *t;
    struct error err = { 0 };
    struct chat_template_sources sources = { .model = slice_of(jinja) };
    assert_ok(chat_template_open(&t, &sources, &err), err);
    return t;
}

static inline void expect_prompt_of(const char *jinja, const char *messages, const char *tools,
                                    bool continues, const char *want)
{
    struct chat_template *t = template_from(jinja);
    struct conversation *conversation = conversation_from(messages, tools);
    struct prompt_request request = { .conversation = conversation, .continues_answer = continues };
    struct error err = { 0 };
    struct text prompt;
    text_init(&prompt, SIZE_MAX);
    assert_true(text_append_string(&prompt, "before "));
    bool ok = chat_template_render(t, &request, &prompt, &err);
    if (!ok || !slice_equal(slice_from(text_slice(&prompt), 7), slice_of(want)))
        fail_msg("want: %s\ngot:  %s", want, ok ? prompt.data : err.message);
    text_release(&prompt);
    conversation_close(&conversation);
    chat_template_close(&t);
}

/* Knows the user and the assistant, in turns. */
#define STRICT                                                                             \
    "{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"         \
    "{{ raise_exception('in turns, please') }}{% endif %}{% if m.role == 'user' %}U:"      \
    "{% elif m.role == 'assistant' %}A:{% else %}{{ raise_exception('who?') }}{% endif %}" \
    "{{ m.content | trim }};{% endfor %}{% if add_generation_prompt %}A:{% endif %}"

#endif
