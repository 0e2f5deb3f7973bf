#include "server/ollama/ollama_embedding.h"

#include "base/clock.h"
#include "base/memory.h"
#include "server/ollama/go_json.h"
#include "server/ollama/ollama_failure.h"
#include "server/ollama/ollama_headers.h"
#include "server/vector_length.h"

#include <math.h>

struct ollama_embedding {
    struct ollama_request request;
    uint64_t began_ns;
};

struct ollama_embedding *ollama_embedding_new(struct ollama_request *request)
{
    struct ollama_embedding *e = memory_zeroed(1, sizeof *e);
    if (!e) {
        ollama_request_release(request);
        return NULL;
    }
    *e = (struct ollama_embedding){ *request, clock_ns() };
    return e;
}

void ollama_embedding_free(void *embedding)
{
    struct ollama_embedding *e = embedding;
    if (!e)
        return;
    ollama_request_release(&e->request);
    memory_free(e);
}

/* False: there is something in it that is no number. */
static bool write_unit_vector(struct go_json *w, const struct json *vector, int64_t dimensions)
{
    size_t n = json_size(vector);
    if (dimensions > 0 && (uint64_t)dimensions < n)
        n = (size_t)dimensions;
    double length = vector_length(vector, n);
    go_json_open(w, NULL, '[');
    for (size_t i = 0; i < n; i++)
        go_json_float(w, NULL, json_number(json_at(vector, i), 0) / length);
    go_json_close(w, ']');
    return isfinite(length);
}

static bool write_unit_vectors(struct go_json *w, const struct ollama_embedding *e,
                               const struct json *vectors)
{
    bool ok = true;
    go_json_open(w, "embeddings", '[');
    for (size_t i = 0; i < json_size(vectors); i++)
        ok = write_unit_vector(w, json_at(vectors, i), e->request.dimensions) && ok;
    go_json_close(w, ']');
    return ok;
}

/* /api/embed. Without input there are no counts: the model was loaded, no more. */
static bool write_embed(struct go_json *w, const struct ollama_embedding *e,
                        const struct task_event *event)
{
    const struct json *result = event->kind == TASK_RESULT ? event->json : NULL;
    go_json_text(w, "model", text_slice(&e->request.model));
    bool ok = write_unit_vectors(w, e, json_get(result, "embeddings"));
    if (!result)
        return ok;
    go_json_whole_if_any(w, "total_duration", (int64_t)(clock_ns() - e->began_ns));
    go_json_whole_if_any(w, "load_duration", event->model ? (int64_t)event->model->load_ns : 0);
    go_json_whole_if_any(w, "prompt_eval_count", json_int(json_get(result, "prompt_tokens"), 0));
    return ok;
}

/* /api/embeddings: one vector, as the model gave it. */
static bool write_embeddings(struct go_json *w, const struct task_event *event)
{
    const struct json *result = event->kind == TASK_RESULT ? event->json : NULL;
    const struct json *vector = json_at(json_get(result, "embeddings"), 0);
    go_json_open(w, "embedding", '[');
    for (size_t i = 0; i < json_size(vector); i++)
        go_json_real(w, NULL, json_number(json_at(vector, i), 0));
    go_json_close(w, ']');
    return isfinite(vector_length(vector, json_size(vector)));
}

static void tell_vectors(struct ollama_embedding *e, const struct task_event *event,
                         struct response *response)
{
    struct prompt_counts none = { 0 };
    struct text body;
    text_init(&body, SIZE_MAX / 4);
    struct go_json w = go_json_init(&body);
    go_json_open(&w, NULL, '{');
    bool are_numbers =
        e->request.route == OLLAMA_EMBED ? write_embed(&w, e, event) : write_embeddings(&w, event);
    go_json_close(&w, '}');
    if (!w.ok) {
        ollama_respond_error(response, 500, "no memory left for embeddings");
    } else if (!are_numbers) {
        ollama_respond_error(response, 400, "embedding contains NaN or Inf values");
    } else {
        ollama_headers_add(response, &e->request, &none);
        response_whole(response, 200, "application/json; charset=utf-8", text_slice(&body));
    }
    text_release(&body);
}

void ollama_embedding_tell(void *embedding, const struct task_event *event,
                           struct response *response)
{
    struct ollama_embedding *e = embedding;
    if (response_is_over(response))
        return;
    if (event->kind == TASK_RESULT || event->kind == TASK_LOADED || event->kind == TASK_UNLOADED)
        tell_vectors(e, event, response);
    else if (event->kind == TASK_FAILED)
        ollama_respond_failure(response, &e->request, event);
    else if (event->kind == TASK_END)
        ollama_respond_error(response, 500, "the model ended without a result");
}
