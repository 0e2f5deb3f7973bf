#include "test.h"

#include "server/models/model_list.h"
#include "server/residency/residency.h"
#include "server/routes.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- a residency that does what a test says ---- */

static struct {
    enum task_event_kind event; /* told to each wish, before TASK_END */
    struct task_failure failure;
    const struct json *info;
    bool is_resident;
    struct wish seen; /* its slices point to `bytes` */
    char model[100], request[1000];
} residency;

static void remember(const struct wish *wish)
{
    residency.seen = *wish;
    snprintf(residency.model, sizeof residency.model, "%.*s", (int)wish->model.length,
             wish->model.data);
    snprintf(residency.request, sizeof residency.request, "%.*s", (int)wish->request.length,
             wish->request.data);
}

uint64_t residency_start(struct residency *unused, const struct wish *wish)
{
    (void)unused;
    struct model_facts facts = { "tiny:latest", residency.info, 64, 0 };
    struct task_event event = { .kind = residency.event,
                                .text = slice_of("hello"),
                                .model = &facts,
                                .failure = &residency.failure };
    remember(wish);
    wish->listener(wish->context, &event);
    event.kind = TASK_END;
    wish->listener(wish->context, &event);
    return 1;
}

void residency_cancel(struct residency *unused, uint64_t task)
{
    (void)unused, (void)task;
}

void residency_visit(struct residency *unused,
                     void (*visit)(void *context, const struct resident *model), void *context)
{
    (void)unused;
    struct resident model = { .name = "tiny:latest", .n_ctx = 64, .info = residency.info };
    if (residency.is_resident)
        visit(context, &model);
}

/* ---- requests to it ---- */

static struct service service;
static char sent[1 << 16];

static char folder[] = "/tmp/hearth-routes-XXXXXX", file_path[100];

static void remove_models(void)
{
    model_list_close(&service.models);
    unlink(file_path);
    rmdir(folder);
}

static void open_models(void)
{
    static const char *const paths[] = { file_path };
    struct error err = { 0 };
    if (service.models)
        return;
    assert_non_null(mkdtemp(folder));
    atexit(remove_models);
    snprintf(file_path, sizeof file_path, "%s/tiny.gguf", folder);
    FILE *file = fopen(file_path, "w");
    assert_non_null(file);
    fclose(file);
    struct model_list_options options = { .paths = paths, .n_paths = 1 };
    assert_ok(model_list_open(&service.models, &options, &err), err);
}

static void reset(enum task_event_kind event)
{
    open_models();
    json_close(&residency.info);
    memset(&residency, 0, sizeof residency);
    residency.event = event;
    static const char info[] = "{\"architecture\":\"llama\",\"capabilities\":[\"completion\"]}";
    struct error err = { 0 };
    assert_ok(json_open(&residency.info, info, sizeof info - 1, "info", &err), err);
}

static struct slice absent(const struct http_request *request, const char *name)
{
    (void)request, (void)name;
    return (struct slice){ NULL, 0 };
}

static const struct route *find(const char *method, const char *path)
{
    for (const struct route *r = ollama_routes; r->method; r++)
        if (strcmp(r->method, method) == 0 && strcmp(r->path, path) == 0)
            return r;
    fail_msg("no route %s %s", method, path);
    return NULL;
}

/* The status; the body is in `sent`. */
static unsigned ask(const char *method, const char *path, const char *body)
{
    bool is_over;
    struct response *response = response_new();
    struct http_request request = { .method = slice_of(method),
                                    .path = slice_of(path),
                                    .body = slice_of(body),
                                    .client = slice_of("me"),
                                    .header = absent,
                                    .query = absent };
    find(method, path)->handler(&service, &request, response);
    unsigned status = response_status(response);
    assert_true(response_is_over(response));
    size_t n = response_take(response, sent, sizeof sent - 1, &is_over);
    sent[n] = '\0';
    response_drop(&response);
    return status;
}

TEST(ollama_root_is_what_clients_look_for)
{
    reset(TASK_LOADED);
    assert_int_equal(ask("GET", "/", ""), 200);
    assert_string_equal(sent, "Ollama is running");
    assert_int_equal(ask("GET", "/api/version", ""), 200);
    assert_non_null(strstr(sent, "{\"version\":\""));
}

TEST(ollama_requests_become_wishes)
{
    reset(TASK_CONTENT);
    assert_int_equal(
        ask("POST", "/api/generate", "{\"model\":\"Tiny\",\"prompt\":\"x\",\"keep_alive\":\"1s\"}"),
        200);
    assert_int_equal(residency.seen.kind, WISH_REQUEST);
    assert_string_equal(residency.model, "Tiny");
    assert_non_null(strstr(residency.request, "\"prompt\":\"x\""));
    assert_true(residency.seen.keep_alive.is_set && residency.seen.keep_alive.ns == 1000000000);
    assert_non_null(strstr(sent, "\"response\":\"hello\",\"done\":false}\n"));
    assert_non_null(
        strstr(sent, "{\"error\":\"the model ended without an answer\",\"code\":\"internal\"}\n"));
}

TEST(ollama_bodies_that_are_wrong_never_become_wishes)
{
    reset(TASK_CONTENT);
    assert_int_equal(ask("POST", "/api/chat", ""), 400);
    assert_string_equal(sent, "{\"error\":\"missing request body\",\"code\":\"invalid\"}");
    assert_int_equal(ask("POST", "/api/chat", "{\"model\":5}"), 400);
    assert_int_equal(ask("POST", "/api/chat", "{\"model\":\"m\",\"options\":{\"seed\":\"\"}}"),
                     500);
    assert_int_equal(ask("POST", "/api/embed", "[]"), 400);
    assert_null(residency.seen.listener);
}

TEST(ollama_tags_and_ps_list_models)
{
    reset(TASK_LOADED);
    assert_int_equal(ask("GET", "/api/tags", ""), 200);
    assert_non_null(
        strstr(sent, "{\"models\":[{\"name\":\"tiny:latest\",\"model\":\"tiny:latest\""));
    assert_int_equal(ask("GET", "/api/ps", ""), 200);
    assert_string_equal(sent, "{\"models\":[]}");
    residency.is_resident = true;
    assert_int_equal(ask("GET", "/api/ps", ""), 200);
    assert_non_null(strstr(sent, "\"context_length\":64"));
    assert_null(strstr(sent, "\"digest\":\"\"")); /* that of the list */
}

TEST(ollama_show_opens_a_model_only_for_the_moment)
{
    reset(TASK_LOADED);
    assert_int_equal(ask("POST", "/api/show", "{\"name\":\"TINY\"}"), 200);
    assert_int_equal(residency.seen.kind, WISH_LOAD);
    assert_true(residency.seen.keep_alive.is_set && residency.seen.keep_alive.ns == 0);
    assert_non_null(strstr(sent, "\"capabilities\":[\"completion\"]"));
    residency.is_resident = true; /* then it stays as long as it would */
    assert_int_equal(ask("POST", "/api/show", "{\"model\":\"tiny\"}"), 200);
    assert_false(residency.seen.keep_alive.is_set);
}

TEST(ollama_show_tells_what_is_known_where_memory_is_short)
{
    reset(TASK_FAILED);
    residency.failure = (struct task_failure){ ERROR_BUDGET, "memory", "full", NULL, 0 };
    assert_int_equal(ask("POST", "/api/show", "{\"model\":\"tiny\"}"), 200);
    assert_non_null(strstr(sent, "\"model_info\":{}"));
    residency.failure = (struct task_failure){ ERROR_FORMAT, "load", "no GGUF", NULL, 0 };
    assert_int_equal(ask("POST", "/api/show", "{\"model\":\"tiny\"}"), 500);
    assert_string_equal(sent, "{\"error\":\"no GGUF\",\"code\":\"load\"}");
}

TEST(ollama_show_of_nobody_is_404)
{
    reset(TASK_LOADED);
    assert_int_equal(ask("POST", "/api/show", "{\"model\":\"nobody\"}"), 404);
    assert_string_equal(sent, "{\"error\":\"model 'nobody' not found\",\"code\":\"not_found\"}");
    assert_int_equal(ask("POST", "/api/show", "{}"), 400);
    assert_int_equal(ask("POST", "/api/show", "{\"model\":\"tiny\",\"verbose\":1}"), 400);
    assert_null(residency.seen.listener);
}

TEST(ollama_routes_without_a_store_say_so)
{
    reset(TASK_LOADED);
    static const char *const paths[] = { "/api/create", "/api/copy", "/api/pull", "/api/push",
                                         "/api/blobs/{digest}" };
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        assert_int_equal(ask("POST", paths[i], "{}"), 501);
        assert_non_null(strstr(sent, "hearth has no store of models yet"));
    }
    assert_int_equal(ask("DELETE", "/api/delete", "{}"), 501);
}
