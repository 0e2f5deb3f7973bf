/* anthropic_routes.c: /v1/messages and /v1/messages/count_tokens. */
#include "base/memory.h"
#include "server/anthropic/anthropic_error.h"
#include "server/anthropic/messages_answer.h"
#include "server/anthropic/messages_request.h"
#include "server/http/body.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

/* 24 hexadecimal digits that no other answer of this server has. */
static void make_id(char id[25])
{
    static _Atomic uint64_t count;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    snprintf(id, 25, "%016" PRIx64 "%08" PRIx32, time, (uint32_t)atomic_fetch_add(&count, 1));
}

static void start(struct service *service, const struct http_request *http,
                  struct response *response, const struct messages_request *request, bool counts)
{
    char id[25];
    struct wish wish = { .kind = WISH_REQUEST,
                         .model = request->model,
                         .request = text_slice(&request->request),
                         .client = http->client };
    if (counts) {
        reply_start(service, response, &wish, &count_tokens_reply, NULL);
        return;
    }
    make_id(id);
    struct messages_answer *answer = messages_answer_new(request->model, request->is_streaming, id);
    if (answer)
        reply_start(service, response, &wish, &messages_reply, answer);
    else
        anthropic_error(response, 500, "no memory left for a request");
}

static void answer(struct service *service, const struct http_request *http,
                   struct response *response, bool counts)
{
    struct error err = { 0 };
    struct messages_request request = { 0 };
    const struct json *body = NULL;
    if (body_open(&body, http->body, &err) &&
        messages_request_read(&request, body, counts, http->client, &err))
        start(service, http, response, &request, counts);
    else
        anthropic_error(response, err.code == ERROR_MEMORY ? 500 : 400, err.message);
    messages_request_release(&request);
    json_close(&body);
}

static void messages(struct service *service, const struct http_request *http,
                     struct response *response)
{
    answer(service, http, response, false);
}

static void count_tokens(struct service *service, const struct http_request *http,
                         struct response *response)
{
    answer(service, http, response, true);
}

const struct route anthropic_routes[] = {
    { "POST", "/v1/messages", DIALECT_ANTHROPIC, false, messages },
    { "POST", "/v1/messages/count_tokens", DIALECT_ANTHROPIC, false, count_tokens },
    { 0 },
};
