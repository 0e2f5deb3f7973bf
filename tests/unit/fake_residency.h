/* fake_residency.h: residency with workers that are this test program (fake_worker.h).
 *
 * Owns the models' files, whose names say what they need, the clients, and what tests look at. One
 * test program includes it once. */
#ifndef FAKE_RESIDENCY_H
#define FAKE_RESIDENCY_H

#include "test.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/text.h"
#include "fake_worker.h"
#include "server/metrics.h"
#include "server/models/model_list.h"
#include "server/residency/residency.h"
#include "worker/protocol.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>

/* ---- the worker ----
 *
 * A model's file is empty; its name says what it needs: "NAME-W-S-P-T-C.gguf" is weights, scratch,
 * bytes and tokens of a page, longest context. A request says what the worker does with it. */

enum { MOST_HELD = 256 };

static struct {
    int fd;
    uint64_t held[MOST_HELD]; /* requests that wait for "release" or to be cancelled */
    size_t n_held;
    int64_t used, allocated; /* keys and values */
} fake;

static void tell(uint16_t kind, uint64_t request, const char *format, ...) PRINTF_LIKE(3, 4);
static void tell(uint16_t kind, uint64_t request, const char *format, ...)
{
    char payload[4000];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(payload, sizeof payload, format, arguments);
    va_end(arguments);
    fake_send(fake.fd, kind, request, slice_of(payload));
}

static void tell_state(void)
{
    tell(FRAME_STATE, 0,
         "{\"n_running\":%zu,\"n_waiting\":0,\"kv_used_bytes\":%" PRId64
         ",\"kv_cached_bytes\":%" PRId64 ",\"kv_allocated_bytes\":%" PRId64
         ",\"prompt_tokens\":0,\"cached_tokens\":0,\"answer_tokens\":0,\"steps\":0}",
         fake.n_held, fake.used, fake.allocated - fake.used, fake.allocated);
}

static void tell_end(uint64_t request, const char *reason)
{
    tell(FRAME_DONE, request,
         "{\"reason\":\"%s\",\"answer_tokens\":3,\"answer_ns\":5,\"first_token_ns\":7}", reason);
    tell(FRAME_END, request, "%s", "");
}

/* Those that are held, or the one of a number, come to their end. */
static void let_go(uint64_t request, const char *reason)
{
    size_t kept = 0;
    for (size_t i = 0; i < fake.n_held; i++)
        if (request == 0 || fake.held[i] == request)
            tell_end(fake.held[i], reason);
        else
            fake.held[kept++] = fake.held[i];
    fake.n_held = kept;
}

static void answer(uint64_t request, const struct json *wanted)
{
    const char *order = json_text(json_get(wanted, "do")).data;
    if (strcmp(order, "die at once") == 0)
        raise(SIGKILL);
    if (strcmp(order, "refuse") == 0) {
        tell(FRAME_ERROR, request,
             "{\"code\":%d,\"reason\":\"context_length\",\"message\":\"too long\",\"n_ctx\":5}",
             ERROR_CONTEXT);
        tell(FRAME_END, request, "%s", "");
        return;
    }
    tell(FRAME_STARTED, request, "{\"n_ctx\":9,\"prompt_tokens\":2,\"cached_tokens\":1}");
    tell(FRAME_CONTENT, request, "pid %d", (int)getpid());
    if (strcmp(order, "die") == 0)
        raise(SIGKILL);
    if (strcmp(order, "bus") == 0) {
        signal(SIGBUS, SIG_DFL); /* sanitizers have a handler */
        raise(SIGBUS);
    }
    if (strcmp(order, "nonsense") == 0)
        tell(FRAME_DONE, request, "{");
    if (strcmp(order, "other") == 0)
        tell(FRAME_CONTENT, request + 1000, "of nobody");
    if (strcmp(order, "stall") == 0)
        pause();
    fake.used += json_int(json_get(wanted, "use"), 0);
    fake.allocated += json_int(json_get(wanted, "use"), 0) + json_int(json_get(wanted, "keep"), 0);
    if (strcmp(order, "hold") == 0) {
        fake.held[fake.n_held++] = request;
        tell_state();
        return;
    }
    tell_end(request, "stop");
    if (strcmp(order, "release") == 0) {
        let_go(0, "stop");
        fake.allocated -= fake.used;
        fake.used = 0;
    }
    tell_state();
}

static void take_grant(struct slice payload)
{
    const struct json *grant = NULL;
    if (!json_open(&grant, payload.data, payload.length, "grant", NULL))
        _exit(90);
    int64_t kv_bytes = json_int(json_get(grant, "kv_bytes"), -1);
    json_close(&grant);
    if (fake.allocated > kv_bytes) {
        usleep(50000); /* pages are not given back at once */
        fake.allocated = kv_bytes > fake.used ? kv_bytes : fake.used;
        tell_state();
    }
}

/* False: the worker ends. */
static bool open_model(struct slice payload)
{
    const struct json *open = NULL;
    char path[400];
    long numbers[5] = { 0 };
    if (!json_open(&open, payload.data, payload.length, "open", NULL))
        _exit(91);
    snprintf(path, sizeof path, "%s", json_text(json_get(open, "path")).data);
    json_close(&open);
    const char *name = strrchr(path, '/') + 1;
    if (strstr(name, "crash"))
        raise(SIGSEGV);
    if (strstr(name, "mute"))
        pause();
    if (strstr(name, "slow"))
        usleep(300000);
    if (strstr(name, "refused")) {
        tell(FRAME_REFUSED, 0, "{\"code\":%d,\"reason\":\"internal\",\"message\":\"no tensors\"}",
             ERROR_FORMAT);
        return false;
    }
    sscanf(strchr(name, '-'), "-%ld-%ld-%ld-%ld-%ld", &numbers[0], &numbers[1], &numbers[2],
           &numbers[3], &numbers[4]);
    tell(FRAME_READY, 0,
         "{\"info\":{\"capabilities\":[\"completion\"],\"n_ctx_train\":%ld},\"plan\":{"
         "\"weights_bytes\":%ld,\"scratch_bytes\":%ld,\"kv_page_bytes\":%ld,\"kv_page_tokens\":%ld"
         "},\"load_ns\":1,\"sandbox\":{\"landlock\":true,\"seccomp\":true,\"missing\":\"\"}}",
         numbers[4], numbers[0], numbers[1], numbers[2], numbers[3]);
    return true;
}

static int fake_worker(int fd)
{
    struct frame frame;
    fake.fd = fd;
    while (fake_receive(fd, &frame)) {
        const struct json *wanted = NULL;
        if (frame.kind == FRAME_OPEN && !open_model(frame.payload))
            return 1;
        if (frame.kind == FRAME_GRANT)
            take_grant(frame.payload);
        if (frame.kind == FRAME_CANCEL)
            let_go(frame.request, "cancelled");
        if (frame.kind != FRAME_REQUEST)
            continue;
        if (!json_open(&wanted, frame.payload.data, frame.payload.length, "request", NULL))
            return 92;
        answer(frame.request, wanted);
        json_close(&wanted);
    }
    return 0;
}

/* ---- a client ---- */

struct client {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t number;
    size_t n_started, n_content, n_done, n_failed, n_loaded, n_unloaded, n_end, n_after_end;
    enum error_code code;
    char reason[40], message[1200], content[200], done[20];
    unsigned status, retry_after_s;
    uint32_t n_ctx;
    uint64_t load_ns;
};

static void note_failure(struct client *client, const struct task_failure *failure)
{
    client->n_failed++;
    client->code = failure->code;
    client->status = task_failure_status(failure);
    client->retry_after_s = failure->retry_after_s;
    snprintf(client->reason, sizeof client->reason, "%s", failure->reason);
    snprintf(client->message, sizeof client->message, "%s", failure->message);
}

static void note_event(struct client *client, const struct task_event *event)
{
    switch (event->kind) {
    case TASK_STARTED:
        client->n_started++;
        break;
    case TASK_CONTENT:
        client->n_content++;
        snprintf(client->content, sizeof client->content, "%.*s", (int)event->text.length,
                 event->text.data);
        break;
    case TASK_DONE:
        client->n_done++;
        snprintf(client->done, sizeof client->done, "%s",
                 json_text(json_get(event->json, "reason")).data);
        break;
    case TASK_FAILED:
        note_failure(client, event->failure);
        break;
    case TASK_LOADED:
        client->n_loaded++;
        break;
    case TASK_UNLOADED:
        client->n_unloaded++;
        break;
    case TASK_END:
        client->n_end++;
        break;
    default:
        break;
    }
}

static void listen_to(void *context, const struct task_event *event)
{
    struct client *client = context;
    pthread_mutex_lock(&client->lock);
    client->n_after_end += client->n_end;
    if (event->model) {
        client->n_ctx = event->model->n_ctx;
        client->load_ns = event->model->load_ns;
    }
    note_event(client, event);
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

static struct client new_client(void)
{
    return (struct client){ .lock = PTHREAD_MUTEX_INITIALIZER,
                            .changed = PTHREAD_COND_INITIALIZER };
}

static void wait_for_end(struct client *client)
{
    pthread_mutex_lock(&client->lock);
    while (!client->n_end)
        pthread_cond_wait(&client->changed, &client->lock);
    pthread_mutex_unlock(&client->lock);
    assert_int_equal(client->n_after_end, 0);
    assert_true(client->n_failed <= 1);
}

static void wait_for_content(struct client *client)
{
    pthread_mutex_lock(&client->lock);
    while (!client->n_content && !client->n_end)
        pthread_cond_wait(&client->changed, &client->lock);
    pthread_mutex_unlock(&client->lock);
    assert_int_equal(client->n_content, 1);
}

/* ---- the server's side ---- */

static struct {
    char folder[64];
    struct model_list *list;
    struct metrics *metrics;
    struct residency *residency;
    size_t files;
} server;

/* alpha, beta: 100 and 10 bytes, 2 bytes a token, 1000 tokens: 2110 with a whole context, which is
 * the least since it is short. */
static const char *const names[] = { "alpha-100-10-128-64-1000",  "beta-100-10-128-64-1000",
                                     "gamma-100-10-128-64-1000",  "long-100-10-128-64-32000",
                                     "huge-90000-10-128-64-100",  "crash-1-1-1-1-1",
                                     "refused-1-1-1-1-1",         "mute-1-1-1-1-1",
                                     "slow-100-10-128-64-1000",   "bad-100-10-128-0-1000",
                                     "other-100-10-128-64-32000", "tiny-10-10-128-64-64" };
#define ALPHA "alpha-100-10-128-64-1000"
#define BETA  "beta-100-10-128-64-1000"
#define GAMMA "gamma-100-10-128-64-1000"
#define LONG  "long-100-10-128-64-32000"
#define OTHER "other-100-10-128-64-32000"
#define SLOW  "slow-100-10-128-64-1000"
#define TINY  "tiny-10-10-128-64-64"
#define HUGE  "huge-90000-10-128-64-100"
enum { WHOLE = 100 + 10 + 16 * 128 }; /* alpha with its 1000 tokens: 16 pages */

static struct residency_options defaults(void)
{
    return (struct residency_options){ .memory_bytes = 100000,
                                       .most_waiting = 200,
                                       .keep_alive_ns = -1,
                                       .load_limit_ns = 20000000000,
                                       .stall_limit_ns = 20000000000,
                                       .program = "/proc/self/exe" };
}

static void start(const struct residency_options *options)
{
    struct error err = { 0 };
    skip_in_emulator();
    if (!server.files)
        assert_ok(log_open(&(struct log_options){ LOG_ERROR, false, "/dev/null" }, &err), err);
    server.files = n_open_files();
    snprintf(server.folder, sizeof server.folder, "/tmp/test_residency.XXXXXX");
    assert_non_null(mkdtemp(server.folder));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s.gguf", server.folder, names[i]);
        close(open(path, O_CREAT | O_WRONLY, 0600));
    }
    struct model_list_options models = { .folder = server.folder };
    assert_ok(model_list_open(&server.list, &models, &err), err);
    assert_ok(metrics_open(&server.metrics, &err), err);
    assert_ok(residency_open(&server.residency, options, server.list, server.metrics, &err), err);
}

static void stop(void)
{
    residency_close(&server.residency, 0);
    metrics_close(&server.metrics);
    model_list_close(&server.list);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char path[200];
        snprintf(path, sizeof path, "%s/%s.gguf", server.folder, names[i]);
        unlink(path);
    }
    rmdir(server.folder);
    assert_int_equal(n_open_files(), server.files);
    assert_false(has_children());
}

static void wish_for(struct client *client, enum wish_kind kind, const char *model,
                     const char *request, const int64_t *keep_alive_ns)
{
    struct wish wish = { .kind = kind,
                         .model = slice_of(model),
                         .request = slice_of(request),
                         .listener = listen_to,
                         .context = client };
    if (keep_alive_ns)
        wish.keep_alive = (struct keep_alive){ true, *keep_alive_ns };
    *client = new_client();
    uint64_t number = residency_start(server.residency, &wish);
    pthread_mutex_lock(&client->lock);
    client->number = number;
    pthread_mutex_unlock(&client->lock);
}

static void ask(struct client *client, const char *model, const char *order)
{
    char request[100];
    snprintf(request, sizeof request, "{\"do\":\"%s\"}", order);
    wish_for(client, WISH_REQUEST, model, request, NULL);
}

static inline void ask_with(struct client *client, const char *model, const char *request)
{
    wish_for(client, WISH_REQUEST, model, request, NULL);
}

static void ask_and_wait(struct client *client, const char *model, const char *order)
{
    ask(client, model, order);
    wait_for_end(client);
}

static inline void assert_answered(const struct client *client)
{
    if (client->n_failed)
        fail_msg("failed: %s: %s", client->reason, client->message);
    assert_int_equal(client->n_started, 1);
    assert_int_equal(client->n_content, 1);
    assert_int_equal(client->n_done, 1);
    assert_int_equal(client->n_end, 1);
}

static inline void assert_failed(const struct client *client, const char *reason, unsigned status,
                                 const char *message)
{
    assert_int_equal(client->n_failed, 1);
    assert_string_equal(client->reason, reason);
    assert_int_equal(client->status, status);
    if (!strstr(client->message, message))
        fail_msg("'%s' is not in: %s", message, client->message);
    assert_int_equal(client->n_end, 1);
}

/* What is in memory. */
struct sight {
    size_t n;
    char names[16][64];
    struct resident models[16];
    uint64_t sum;
};

static void see_model(void *context, const struct resident *model)
{
    struct sight *sight = context;
    assert_true(sight->n < COUNT_OF(sight->models));
    snprintf(sight->names[sight->n], sizeof sight->names[0], "%s", model->name);
    sight->models[sight->n++] = *model;
    sight->sum += model->weights_bytes + model->scratch_bytes + model->kv_bytes;
}

static struct sight look(void)
{
    struct sight sight = { 0 };
    residency_visit(server.residency, see_model, &sight);
    assert_true(sight.sum <= residency_budget_bytes(server.residency));
    return sight;
}

static const struct resident *seen(const struct sight *sight, const char *name)
{
    for (size_t i = 0; i < sight->n; i++)
        if (strncmp(sight->names[i], name, strlen(name)) == 0)
            return &sight->models[i];
    return NULL;
}

static inline bool is_there(const char *name)
{
    struct sight sight = look();
    return seen(&sight, name) != NULL;
}

static inline void wait_until_gone(const char *name)
{
    for (int i = 0; is_there(name); i++) {
        assert_true(i < 2000);
        usleep(5000);
    }
}

static struct resident resident_of(const char *name)
{
    struct sight sight = look();
    const struct resident *model = seen(&sight, name);
    assert_non_null(model);
    return *model;
}

/* The sum of the samples whose line begins so. */
static inline uint64_t metric(const char *name)
{
    struct text page;
    uint64_t value = 0;
    text_init(&page, 1 << 20);
    assert_true(metrics_write(server.metrics, server.residency, &page));
    for (const char *line = page.data; line; line = strchr(line + 1, '\n'))
        if (strncmp(line + 1, name, strlen(name)) == 0 && strrchr(line, '}'))
            value += strtoull(strchr(line, '}') + 1, NULL, 10);
    text_release(&page);
    return value;
}

#endif
