#include "server/ollama/ollama_show.h"

#include "base/memory.h"
#include "server/http/body.h"
#include "server/ollama/ollama_failure.h"
#include "server/ollama/ollama_models.h"
#include "server/reply.h"

#include <stdio.h>

enum { NAME_LIMIT_BYTES = 1 << 12, PATH_LIMIT_BYTES = 1 << 14 };

/* What is kept until the model is open. */
struct show {
    struct service *service;
    const struct json *body; /* owned */
    struct text name;        /* the model's own */
    struct text shown;       /* the answer */
    const struct json *info; /* of the event that is told */
    bool is_found, is_written;
};

static void show_free(void *state)
{
    struct show *show = state;
    json_close(&show->body);
    text_release(&show->name);
    text_release(&show->shown);
    memory_free(show);
}

static void write_listed(void *context, const struct listed_model *listed)
{
    struct show *show = context;
    struct error unused;
    if (show->is_found || !slice_equal(slice_of(listed->name), text_slice(&show->name)))
        return;
    struct shown_model model = { .listed = listed, .info = show->info };
    bool ok = body_flag(show->body, "verbose", &model.is_verbose, &unused) &&
              body_text(show->body, "system", &model.system, &unused) &&
              body_text(show->body, "template", &model.template_, &unused);
    struct go_json w = go_json_init(&show->shown);
    ollama_show_write(&w, &model);
    show->is_found = true;
    show->is_written = ok && w.ok;
}

/* The answer; `info` is NULL where the model could not be opened. */
static void respond(struct show *show, const struct json *info, struct response *response)
{
    struct error err = { 0 };
    char message[PATH_LIMIT_BYTES];
    show->info = info;
    bool ok = model_list_visit(show->service->models, write_listed, show, &err);
    if (ok && show->is_written) {
        response_whole(response, 200, "application/json; charset=utf-8", text_slice(&show->shown));
        return;
    }
    snprintf(message, sizeof message, "model '%s' not found", show->name.data);
    ollama_respond_error(response, ok && !show->is_found ? 404 : 500,
                         !ok              ? err.message
                         : show->is_found ? "no memory left to show a model"
                                          : message);
}

static bool is_for_want_of_memory(const struct task_failure *failure)
{
    return failure->reason &&
           (strcmp(failure->reason, "memory") == 0 || strcmp(failure->reason, "busy") == 0);
}

static void tell(void *state, const struct task_event *event, struct response *response)
{
    struct show *show = state;
    if (response_is_over(response))
        return;
    if (event->kind == TASK_LOADED)
        respond(show, event->model ? event->model->info : NULL, response);
    else if (event->kind == TASK_FAILED && is_for_want_of_memory(event->failure))
        respond(show, NULL, response);
    else if (event->kind == TASK_FAILED)
        ollama_respond_code(response, task_failure_status(event->failure), event->failure->reason,
                            event->failure->message);
    else if (event->kind == TASK_END)
        ollama_respond_error(response, 500, "the model ended before it was shown");
}

/* ---- the request ---- */

/* "model", or "name" as older clients say; and the types of the rest, which is used later. */
static bool read_name(struct show *show, struct slice *wanted, struct error *err)
{
    bool flag;
    struct slice text;
    *wanted = (struct slice){ "", 0 };
    return body_text(show->body, "name", wanted, err) &&
           body_text(show->body, "model", wanted, err) &&
           body_flag(show->body, "verbose", &flag, err) &&
           body_text(show->body, "system", &text, err) &&
           body_text(show->body, "template", &text, err) &&
           (wanted->length > 0 || fail(err, ERROR_USAGE, "model is required"));
}

static bool find_model(struct show *show, struct slice wanted, struct error *err)
{
    struct text path;
    text_init(&path, PATH_LIMIT_BYTES);
    bool ok = model_list_find(show->service->models, wanted, &show->name, &path, err);
    text_release(&path);
    return ok;
}

struct search {
    struct slice name;
    bool is_there;
};

static void compare(void *context, const struct resident *model)
{
    struct search *search = context;
    search->is_there = search->is_there || slice_equal(slice_of(model->name), search->name);
}

/* A model that nobody uses goes again at once. */
static void start(struct show *show, const struct http_request *request, struct response *response)
{
    static const struct reply_kind kind = { tell, show_free };
    struct search search = { text_slice(&show->name), false };
    residency_visit(show->service->residency, compare, &search);
    struct wish wish = { .kind = WISH_LOAD,
                         .model = search.name,
                         .keep_alive = { !search.is_there, 0 },
                         .client = request->client };
    reply_start(show->service, response, &wish, &kind, show);
}

void ollama_show(struct service *service, const struct http_request *request,
                 struct response *response)
{
    struct error err = { 0 };
    struct slice wanted;
    struct show *show = memory_zeroed(1, sizeof *show);
    if (!show) {
        ollama_respond_error(response, 500, "no memory left for a request");
        return;
    }
    show->service = service;
    text_init(&show->name, NAME_LIMIT_BYTES);
    text_init(&show->shown, SIZE_MAX / 4);
    if (body_open(&show->body, request->body, &err) && read_name(show, &wanted, &err) &&
        find_model(show, wanted, &err)) {
        start(show, request, response);
        return;
    }
    ollama_respond_error(response, err.code == ERROR_NOT_FOUND ? 404 : 400, err.message);
    show_free(show);
}
