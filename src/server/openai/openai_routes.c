/* openai_routes.c: the paths of OpenAI's interface, each a request read, a wish and a reply. */
#include "base/clock.h"
#include "base/table.h"
#include "server/body.h"
#include "server/openai/openai_chat_reply.h"
#include "server/openai/openai_chat_request.h"
#include "server/reply.h"

#include <stdio.h>
#include <time.h>

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

static void start(struct service *service, const struct http_request *request,
                  struct response *response, struct slice model, const struct text *wanted,
                  const struct reply_kind *kind, void *state)
{
    struct wish wish = { .kind = WISH_REQUEST,
                         .model = model,
                         .request = text_slice(wanted),
                         .client = request->client };
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

const struct route openai_routes[] = {
    { "POST", "/v1/chat/completions", DIALECT_OPENAI, false, answer_chat },
    { NULL, NULL, DIALECT_OPENAI, false, NULL },
};
