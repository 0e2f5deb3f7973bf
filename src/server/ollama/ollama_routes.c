#include "base/log.h"
#include "hearth.h"
#include "server/http/body.h"
#include "server/ollama/ollama_answer.h"
#include "server/ollama/ollama_embedding.h"
#include "server/ollama/ollama_failure.h"
#include "server/ollama/ollama_models.h"
#include "server/ollama/ollama_show.h"
#include "server/reply.h"
#include "server/routes.h"

#include <stdio.h>

/* Clients ask for a least version of what they speak to: the one whose API this is. */
#define OLLAMA_VERSION "0.32.7"

static const char json_type[] = "application/json; charset=utf-8";

/* ---- answers and embeddings ---- */

static void log_ignored(const struct ollama_request *wanted, uint64_t request)
{
    char id[32];
    if (wanted->ignored.length == 0)
        return;
    snprintf(id, sizeof id, "req_%016" PRIx64, request); /* as X-Request-Id has it */
    LOG(LOG_WARNING, "members of a request have no meaning here", LOG_S("id", id),
        LOG_S("names", wanted->ignored.data));
}

/* Takes over *wanted. */
static void start(struct service *service, const struct http_request *request,
                  struct response *response, struct ollama_request *wanted)
{
    static const struct reply_kind answers = { ollama_answer_tell, ollama_answer_free };
    static const struct reply_kind embeddings = { ollama_embedding_tell, ollama_embedding_free };
    bool is_answer = wanted->route <= OLLAMA_CHAT;
    struct text worker = wanted->worker; /* needed only until the wish is copied */
    text_init(&wanted->worker, 0);
    struct wish wish = { .kind = wanted->wish,
                         .model = text_slice(&wanted->model),
                         .request = text_slice(&worker),
                         .keep_alive = wanted->keep_alive,
                         .client = request->client };
    void *state =
        is_answer ? (void *)ollama_answer_new(wanted) : (void *)ollama_embedding_new(wanted);
    if (state)
        reply_start(service, response, &wish, is_answer ? &answers : &embeddings, state);
    else
        ollama_respond_error(response, 500, "no memory left for a request");
    text_release(&worker);
}

static void handle(struct service *service, const struct http_request *request,
                   struct response *response, enum ollama_route route)
{
    const struct json *body;
    struct ollama_request wanted;
    struct error err = { 0 };
    unsigned status = 400;
    if (!body_open(&body, request->body, &err)) {
        ollama_respond_error(response, 400, err.message);
        return;
    }
    bool ok = ollama_request_open(&wanted, route, body, request->client, &status, &err);
    json_close(&body);
    if (!ok) {
        ollama_respond_code(response, status, err.code == ERROR_MEMORY ? "internal" : "invalid",
                            err.message);
        ollama_request_release(&wanted);
        return;
    }
    log_ignored(&wanted, request->id);
    start(service, request, response, &wanted);
}

static void generate(struct service *service, const struct http_request *request,
                     struct response *response)
{
    handle(service, request, response, OLLAMA_GENERATE);
}

static void chat(struct service *service, const struct http_request *request,
                 struct response *response)
{
    handle(service, request, response, OLLAMA_CHAT);
}

static void embed(struct service *service, const struct http_request *request,
                  struct response *response)
{
    handle(service, request, response, OLLAMA_EMBED);
}

static void embeddings(struct service *service, const struct http_request *request,
                       struct response *response)
{
    handle(service, request, response, OLLAMA_EMBEDDINGS);
}

/* ---- models ---- */

static void respond_models(struct response *response, struct go_json *w)
{
    go_json_close(w, ']');
    go_json_close(w, '}');
    if (w->ok)
        response_whole(response, 200, json_type, text_slice(w->out));
    else
        ollama_respond_error(response, 500, "no memory left for a list of models");
}

static void write_tag(void *context, const struct listed_model *model)
{
    ollama_tag_write(context, model);
}

static void tags(struct service *service, const struct http_request *request,
                 struct response *response)
{
    (void)request;
    struct error err = { 0 };
    struct text body;
    text_init(&body, SIZE_MAX / 4);
    struct go_json w = go_json_init(&body);
    go_json_open(&w, NULL, '{');
    go_json_open(&w, "models", '[');
    if (model_list_visit(service->models, write_tag, &w, &err))
        respond_models(response, &w);
    else
        ollama_respond_error(response, 500, err.message);
    text_release(&body);
}

/* An object of digests by name. */
static void write_digest(void *context, const struct listed_model *model)
{
    go_json_string(context, model->name, model->digest);
}

static const struct json *read_digests(struct model_list *models)
{
    const struct json *digests = NULL;
    struct error err = { 0 };
    struct text object;
    text_init(&object, SIZE_MAX / 4);
    struct go_json w = go_json_init(&object);
    go_json_open(&w, NULL, '{');
    bool ok = model_list_visit(models, write_digest, &w, &err);
    go_json_close(&w, '}');
    if (!ok || !w.ok || !json_open_loosely(&digests, object.data, object.length, "digests", &err))
        digests = NULL; /* shown without */
    text_release(&object);
    return digests;
}

struct resident_list {
    struct go_json w;
    const struct json *digests;
};

static void write_resident(void *context, const struct resident *model)
{
    struct resident_list *list = context;
    ollama_resident_write(&list->w, model, json_text(json_get(list->digests, model->name)));
}

static void ps(struct service *service, const struct http_request *request,
               struct response *response)
{
    (void)request;
    struct text body;
    text_init(&body, SIZE_MAX / 4);
    struct resident_list list = { go_json_init(&body), read_digests(service->models) };
    go_json_open(&list.w, NULL, '{');
    go_json_open(&list.w, "models", '[');
    residency_visit(service->residency, write_resident, &list);
    respond_models(response, &list.w);
    json_close(&list.digests);
    text_release(&body);
}

/* ---- the server ---- */

static void root(struct service *service, const struct http_request *request,
                 struct response *response)
{
    (void)service, (void)request;
    response_whole(response, 200, "text/plain; charset=utf-8", slice_of("Ollama is running"));
}

static void version(struct service *service, const struct http_request *request,
                    struct response *response)
{
    (void)service, (void)request;
    char body[100];
    snprintf(body, sizeof body, "{\"version\":\"%s\",\"hearth\":\"%s\"}", OLLAMA_VERSION,
             hearth_version());
    response_whole(response, 200, json_type, slice_of(body));
}

static void cloud_status(struct service *service, const struct http_request *request,
                         struct response *response)
{
    (void)service, (void)request;
    response_whole(response, 200, json_type,
                   slice_of("{\"cloud\":{\"disabled\":true,\"source\":\"config\"}}"));
}

/* ---- what is not there ---- */

static void no_store(struct service *service, const struct http_request *request,
                     struct response *response)
{
    (void)service, (void)request;
    ollama_respond_error(response, 501,
                         "hearth has no store of models yet, so it cannot create, copy, pull, push "
                         "or delete them: put model files into the folder HEARTH_MODELS, or name "
                         "them when starting 'hearth serve'");
}

static void no_cloud(struct service *service, const struct http_request *request,
                     struct response *response)
{
    (void)service, (void)request;
    ollama_respond_error(response, 501,
                         "hearth has no accounts and asks no other server: signing in, searching "
                         "the web and recommendations are not supported");
}

const struct route ollama_routes[] = {
    { "GET", "/", DIALECT_OLLAMA, true, root },
    { "GET", "/api/version", DIALECT_OLLAMA, true, version },
    { "GET", "/api/status", DIALECT_OLLAMA, false, cloud_status },
    { "POST", "/api/generate", DIALECT_OLLAMA, false, generate },
    { "POST", "/api/chat", DIALECT_OLLAMA, false, chat },
    { "POST", "/api/embed", DIALECT_OLLAMA, false, embed },
    { "POST", "/api/embeddings", DIALECT_OLLAMA, false, embeddings },
    { "GET", "/api/tags", DIALECT_OLLAMA, false, tags },
    { "GET", "/api/ps", DIALECT_OLLAMA, false, ps },
    { "POST", "/api/show", DIALECT_OLLAMA, false, ollama_show },
    { "POST", "/api/create", DIALECT_OLLAMA, false, no_store },
    { "POST", "/api/copy", DIALECT_OLLAMA, false, no_store },
    { "POST", "/api/pull", DIALECT_OLLAMA, false, no_store },
    { "POST", "/api/push", DIALECT_OLLAMA, false, no_store },
    { "DELETE", "/api/delete", DIALECT_OLLAMA, false, no_store },
    { "GET", "/api/blobs/{digest}", DIALECT_OLLAMA, false, no_store }, /* HEAD, rather */
    { "POST", "/api/blobs/{digest}", DIALECT_OLLAMA, false, no_store },
    { "POST", "/api/me", DIALECT_OLLAMA, false, no_cloud },
    { "POST", "/api/signout", DIALECT_OLLAMA, false, no_cloud },
    { "POST", "/api/experimental/web_search", DIALECT_OLLAMA, false, no_cloud },
    { "POST", "/api/experimental/web_fetch", DIALECT_OLLAMA, false, no_cloud },
    { "GET", "/api/experimental/model-recommendations", DIALECT_OLLAMA, false, no_cloud },
    { NULL, NULL, DIALECT_PLAIN, false, NULL },
};
