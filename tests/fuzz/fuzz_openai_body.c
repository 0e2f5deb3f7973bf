/* fuzz_openai_body.c: any body for each way of asking in OpenAI's interface; what is taken becomes
 * JSON that the worker can read, what is not has a message. */
#include "base/base.h"
#include "server/http/body.h"
#include "server/openai/openai_chat_request.h"
#include "server/openai/openai_completion_request.h"
#include "server/openai/openai_embedding_request.h"
#include "server/openai/openai_responses_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_request(bool ok, const struct text *request, const struct openai_problem *problem)
{
    const struct json *json = NULL;
    struct error err = { 0 };
    assert(ok || (problem->error.code != ERROR_NONE && problem->error.message[0]));
    if (!ok)
        return;
    bool is_json = json_open(&json, request->data, request->length, "request", &err);
    assert(is_json && json_kind(json) == JSON_KIND_OBJECT);
    (void)is_json;
    json_close(&json);
}

static void ask_chat(const struct json *body)
{
    struct openai_chat_request chat;
    struct openai_problem problem = { 0 };
    bool ok = openai_chat_request_read(&chat, body, slice_of("fuzz"), &problem);
    check_request(ok, &chat.request, &problem);
    openai_chat_request_release(&chat);
}

static void ask_completion(const struct json *body)
{
    struct openai_completion_request completion;
    struct openai_problem problem = { 0 };
    static const struct text none;
    bool ok = openai_completion_request_read(&completion, body, slice_of("fuzz"), &problem);
    assert(!ok || completion.n_prompts > 0);
    check_request(ok, ok ? &completion.requests[completion.n_prompts - 1] : &none, &problem);
    openai_completion_request_release(&completion);
}

static void ask_embedding(const struct json *body)
{
    struct openai_embedding_request embedding;
    struct openai_problem problem = { 0 };
    bool ok = openai_embedding_request_read(&embedding, body, slice_of("fuzz"), &problem);
    check_request(ok, &embedding.request, &problem);
    openai_embedding_request_release(&embedding);
}

static void ask_responses(const struct json *body)
{
    struct openai_responses_request wanted;
    struct openai_problem problem = { 0 };
    struct text settings;
    text_init(&settings, SIZE_MAX / 2);
    bool ok = openai_responses_request_read(&wanted, body, slice_of("fuzz"), &problem);
    check_request(ok, &wanted.request, &problem);
    if (ok && text_append_byte(&settings, '{') &&
        text_append_slice(&settings, text_slice(&wanted.settings)) &&
        text_append_byte(&settings, '}'))
        check_request(ok, &settings, &problem);
    text_release(&settings);
    openai_responses_request_release(&wanted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct json *body = NULL;
    struct error err = { 0 };
    struct slice bytes = { (const char *)data, size };
    if (!body_open(&body, bytes, &err)) {
        assert(err.code != ERROR_NONE && err.message[0]);
        return 0;
    }
    ask_chat(body);
    ask_completion(body);
    ask_embedding(body);
    ask_responses(body);
    json_close(&body);
    return 0;
}
