/* openai_routes.c: the paths of OpenAI's interface, each a request read, a wish and a reply. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/slice_text.h"
#include "base/table.h"
#include "server/http/body.h"
#include "server/openai/openai_chat_reply.h"
#include "server/openai/openai_chat_request.h"
#include "server/openai/openai_completion_reply.h"
#include "server/openai/openai_completion_request.h"
#include "server/openai/openai_embedding_reply.h"
#include "server/openai/openai_embedding_request.h"
#include "server/openai/openai_models.h"
#include "server/openai/openai_responses_reply.h"
#include "server/openai/openai_responses_request.h"
#include "server/reply.h"

#include <stdio.h>
#include <time.h>

enum { LIST_BYTES = 16 << 20 };

/* A hash's seed differs from process to process, the clock from request to request. */
static struct openai_answer_settings settings_of(const struct http_request *request,
                                                 const char *prefix)
{
    struct openai_answer_settings settings = { .created = time(NULL) };
    uint64_t moment[] = { clock_ns(), request->id };
    snprintf(settings.id, sizeof settings.id, "%s%016" PRIx64 "%08" PRIx64, prefix,
             hash_bytes(moment, sizeof moment), request->id & 0xffffffff);
    return settings;
}

static void no_memory(struct response *response)
{
    struct openai_problem problem = { .status = 500 };
    fail(&problem.error, ERROR_MEMORY, "no memory left for a request");
    openai_respond_problem(response, &problem);
}

static struct wish wish_of(const struct http_request *request, struct slice model,
                           const struct text *wanted)
{
    return (struct wish){ .kind = WISH_REQUEST,
                          .model = model,
                          .request = text_slice(wanted),
                          .client = request->client };
}

static void start(struct service *service, const struct http_request *request,
                  struct response *response, struct slice model, const struct text *wanted,
                  const struct reply_kind *kind, void *state)
{
    struct wish wish = wish_of(request, model, wanted);
    if (state)
        reply_start(service, response, &wish, kind, state);
    else
        no_memory(response);
}

/* ---- chat ---- */

static void start_chat(struct service *service, const struct http_request *request,
                       struct response *response, const struct openai_chat_request *chat)
{
    static const struct reply_kind kind = { openai_chat_reply_tell, openai_chat_reply_release };
    struct openai_answer_settings settings = settings_of(request, "chatcmpl-");
    settings.model = chat->model;
    settings.is_streaming = chat->is_streaming;
    settings.includes_usage = chat->includes_usage;
    settings.prompt_field = "messages";
    start(service, request, response, chat->model, &chat->request, &kind,
          openai_chat_reply_new(&settings, chat->n_choices));
}

static void answer_chat(struct service *service, const struct http_request *request,
                        struct response *response)
{
    const struct json *body = NULL;
    struct openai_problem problem = { 0 };
    struct openai_chat_request chat = { 0 };
    if (body_open(&body, request->body, &problem.error) &&
        openai_chat_request_read(&chat, body, request->client, &problem))
        start_chat(service, request, response, &chat);
    else
        openai_respond_problem(response, &problem);
    openai_chat_request_release(&chat);
    json_close(&body);
}

/* ---- completions ---- */

static bool echo_prompts(struct openai_completion_reply *reply,
                         const struct openai_completion_request *completion)
{
    for (size_t i = 0; i < completion->n_prompts * completion->n_choices; i++)
        if (!openai_completion_reply_echo(reply, (uint32_t)i,
                                          completion->prompts[i / completion->n_choices]))
            return false;
    return true;
}

static struct openai_completion_reply *completion_reply(
    const struct http_request *request, const struct openai_completion_request *completion)
{
    struct openai_answer_settings settings = settings_of(request, "cmpl-");
    settings.model = completion->model;
    settings.is_streaming = completion->is_streaming;
    settings.includes_usage = completion->includes_usage;
    settings.prompt_field = "prompt";
    struct openai_completion_reply *reply = openai_completion_reply_new(
        &settings, (uint32_t)completion->n_prompts * completion->n_choices);
    if (reply && completion->echoes && !echo_prompts(reply, completion)) {
        openai_completion_reply_release(reply);
        reply = NULL;
    }
    return reply;
}

static void start_completion(struct service *service, const struct http_request *request,
                             struct response *response,
                             const struct openai_completion_request *completion)
{
    static const struct reply_kind kind = { openai_completion_reply_tell,
                                            openai_completion_reply_release };
    struct openai_completion_reply *reply = completion_reply(request, completion);
    struct wish *wishes = memory_zeroed(completion->n_prompts, sizeof *wishes);
    for (size_t i = 0; wishes && i < completion->n_prompts; i++)
        wishes[i] = wish_of(request, completion->model, &completion->requests[i]);
    if (reply && wishes) {
        reply_start_all(service, response, wishes, completion->n_prompts, completion->n_choices,
                        &kind, reply);
    } else {
        openai_completion_reply_release(reply);
        no_memory(response);
    }
    memory_free(wishes);
}

static void answer_completion(struct service *service, const struct http_request *request,
                              struct response *response)
{
    const struct json *body = NULL;
    struct openai_problem problem = { 0 };
    struct openai_completion_request completion = { 0 };
    if (body_open(&body, request->body, &problem.error) &&
        openai_completion_request_read(&completion, body, request->client, &problem))
        start_completion(service, request, response, &completion);
    else
        openai_respond_problem(response, &problem);
    openai_completion_request_release(&completion);
    json_close(&body);
}

/* ---- embeddings ---- */

static void start_embedding(struct service *service, const struct http_request *request,
                            struct response *response,
                            const struct openai_embedding_request *embedding)
{
    static const struct reply_kind kind = { openai_embedding_reply_tell,
                                            openai_embedding_reply_release };
    struct openai_answer_settings settings = settings_of(request, "embd-");
    settings.model = embedding->model;
    settings.prompt_field = "input";
    start(service, request, response, embedding->model, &embedding->request, &kind,
          openai_embedding_reply_new(&settings, embedding->n_dimensions, embedding->is_base64));
}

static void answer_embedding(struct service *service, const struct http_request *request,
                             struct response *response)
{
    const struct json *body = NULL;
    struct openai_problem problem = { 0 };
    struct openai_embedding_request embedding = { 0 };
    if (body_open(&body, request->body, &problem.error) &&
        openai_embedding_request_read(&embedding, body, request->client, &problem))
        start_embedding(service, request, response, &embedding);
    else
        openai_respond_problem(response, &problem);
    openai_embedding_request_release(&embedding);
    json_close(&body);
}

/* ---- responses ---- */

static void start_responses(struct service *service, const struct http_request *request,
                            struct response *response,
                            const struct openai_responses_request *wanted)
{
    static const struct reply_kind kind = { openai_responses_reply_tell,
                                            openai_responses_reply_release };
    struct openai_answer_settings settings = settings_of(request, "resp_");
    settings.model = wanted->model;
    settings.is_streaming = wanted->is_streaming;
    settings.prompt_field = "input";
    start(service, request, response, wanted->model, &wanted->request, &kind,
          openai_responses_reply_new(&settings, text_slice(&wanted->settings),
                                     wanted->includes_encrypted));
}

static void answer_responses(struct service *service, const struct http_request *request,
                             struct response *response)
{
    const struct json *body = NULL;
    struct openai_problem problem = { 0 };
    struct openai_responses_request wanted = { 0 };
    if (body_open(&body, request->body, &problem.error) &&
        openai_responses_request_read(&wanted, body, request->client, &problem))
        start_responses(service, request, response, &wanted);
    else
        openai_respond_problem(response, &problem);
    openai_responses_request_release(&wanted);
    json_close(&body);
}

/* ---- models ---- */

static void answer_models(struct service *service, const struct http_request *request,
                          struct response *response)
{
    struct openai_problem problem = { 0 };
    struct text body;
    (void)request;
    text_init(&body, LIST_BYTES);
    if (openai_models_write(&body, service->models, &problem.error)) {
        response_whole(response, 200, "application/json", text_slice(&body));
    } else {
        problem.status = 500;
        openai_respond_problem(response, &problem);
    }
    text_release(&body);
}

static void answer_model(struct service *service, const struct http_request *request,
                         struct response *response)
{
    struct openai_problem problem = { .code = "model_not_found" };
    struct text body;
    struct slice name = slice_from(request->path, strlen("/v1/models/"));
    text_init(&body, LIST_BYTES);
    if (openai_model_write(&body, service->models, name, &problem.error)) {
        response_whole(response, 200, "application/json", text_slice(&body));
    } else {
        openai_blame(&problem, "model");
        openai_respond_problem(response, &problem);
    }
    text_release(&body);
}

/* ---- what OpenAI or its kin have and hearth has not ---- */

static void answer_missing(struct service *service, const struct http_request *request,
                           struct response *response)
{
    static const struct {
        const char *path, *why;
    } rows[] = {
        { "/v1/responses/", "answers are not kept" },
        { "/v1/rerank", "no family of reranking models is supported yet" },
        { "/v1/audio/", "audio is not supported yet" },
        { "/v1/images/", "images are not supported yet" },
        { "/v1/moderations", "no family of moderation models is supported" },
    };
    struct openai_problem problem = { .status = 404, .code = "unsupported_endpoint" };
    (void)service;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (begins_with(request->path, rows[i].path))
            fail(&problem.error, ERROR_UNSUPPORTED, "%s: %s", printable(request->path),
                 rows[i].why);
    openai_respond_problem(response, &problem);
}

const struct route openai_routes[] = {
    { "POST", "/v1/chat/completions", DIALECT_OPENAI, false, answer_chat },
    { "POST", "/v1/completions", DIALECT_OPENAI, false, answer_completion },
    { "POST", "/v1/responses", DIALECT_OPENAI, false, answer_responses },
    { "GET", "/v1/responses/{id}", DIALECT_OPENAI, false, answer_missing },
    { "DELETE", "/v1/responses/{id}", DIALECT_OPENAI, false, answer_missing },
    { "POST", "/v1/embeddings", DIALECT_OPENAI, false, answer_embedding },
    { "GET", "/v1/models", DIALECT_OPENAI, false, answer_models },
    { "GET", "/v1/models/{name}", DIALECT_OPENAI, false, answer_model },
    { "POST", "/v1/rerank", DIALECT_OPENAI, false, answer_missing },
    { "POST", "/v1/moderations", DIALECT_OPENAI, false, answer_missing },
    { "POST", "/v1/audio/{rest}", DIALECT_OPENAI, false, answer_missing },
    { "POST", "/v1/images/{rest}", DIALECT_OPENAI, false, answer_missing },
    { NULL, NULL, DIALECT_OPENAI, false, NULL },
};
