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
static const char *const names[] = { "alpha-100-10-128-64-1000", "beta-100-10-128-64-1000",
                                     "gamma-100-10-128-64-1000", "long-100-10-128-64-32000",
                                     "huge-90000-10-128-64-100", "crash-1-1-1-1-1",
                                     "refused-1-1-1-1-1",        "mute-1-1-1-1-1",
                                     "slow-100-10-128-64-1000",  "bad-100-10-128-0-1000",
                                     "other-100-10-128-64-32000" };
#define ALPHA "alpha-100-10-128-64-1000"
#define BETA  "beta-100-10-128-64-1000"
#define GAMMA "gamma-100-10-128-64-1000"
#define LONG  "long-100-10-128-64-32000"
#define OTHER "other-100-10-128-64-32000"
#define SLOW  "slow-100-10-128-64-1000"
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

static void ask_with(struct client *client, const char *model, const char *request)
{
    wish_for(client, WISH_REQUEST, model, request, NULL);
}

static void ask_and_wait(struct client *client, const char *model, const char *order)
{
    ask(client, model, order);
    wait_for_end(client);
}

static void assert_answered(const struct client *client)
{
    if (client->n_failed)
        fail_msg("failed: %s: %s", client->reason, client->message);
    assert_int_equal(client->n_started, 1);
    assert_int_equal(client->n_content, 1);
    assert_int_equal(client->n_done, 1);
    assert_int_equal(client->n_end, 1);
}

static void assert_failed(const struct client *client, const char *reason, unsigned status,
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

static bool is_there(const char *name)
{
    struct sight sight = look();
    return seen(&sight, name) != NULL;
}

static void wait_until_gone(const char *name)
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

static const int64_t at_once = 0, for_ever = -1;

/* ---- loading and answering ---- */

TEST(a_model_is_loaded_on_demand_and_answers_until_it_is_unloaded)
{
    struct residency_options options = defaults();
    struct client one, two, three;
    start(&options);
    assert_int_equal(look().n, 0);
    ask_and_wait(&one, ALPHA, "answer");
    assert_answered(&one);
    assert_true(one.load_ns > 0);
    assert_int_equal(one.n_ctx, 1000);
    ask_and_wait(&two, ALPHA, "answer");
    assert_answered(&two);
    assert_int_equal(two.load_ns, 0);
    assert_string_equal(one.content, two.content); /* the same process */
    struct sight sight = look();
    assert_int_equal(sight.n, 1);
    assert_true(sight.models[0].expires_at_ns == INT64_MAX);

    wish_for(&three, WISH_UNLOAD, ALPHA, "", &at_once);
    wait_for_end(&three);
    assert_int_equal(three.n_unloaded, 1);
    assert_int_equal(look().n, 0); /* it is gone when that is told */
    ask_and_wait(&one, ALPHA, "answer");
    assert_answered(&one);
    assert_string_not_equal(one.content, two.content);
    stop();
}

TEST(wishes_to_load_and_unload_are_told_when_they_are_done)
{
    struct residency_options options = defaults();
    struct client one, two;
    start(&options);
    wish_for(&one, WISH_LOAD, ALPHA, "", NULL);
    wait_for_end(&one);
    assert_int_equal(one.n_loaded, 1);
    assert_true(one.load_ns > 0);
    wish_for(&two, WISH_LOAD, ALPHA, "", NULL); /* at once */
    wait_for_end(&two);
    assert_int_equal(two.n_loaded, 1);
    assert_int_equal(two.load_ns, 0);
    wish_for(&two, WISH_UNLOAD, BETA, "", NULL); /* was not loaded */
    wait_for_end(&two);
    assert_int_equal(two.n_unloaded, 1);
    assert_int_equal(look().n, 1);
    stop();
}

TEST(a_busy_model_is_unloaded_after_its_answers)
{
    struct residency_options options = defaults();
    struct client held, unload, release;
    start(&options);
    ask(&held, ALPHA, "hold");
    wait_for_content(&held);
    wish_for(&unload, WISH_UNLOAD, ALPHA, "", &at_once);
    wait_for_end(&unload);
    assert_int_equal(unload.n_unloaded, 1);
    assert_int_equal(held.n_end, 0);
    ask_and_wait(&release, ALPHA, "release");
    wait_for_end(&held);
    assert_answered(&held);
    wait_until_gone(ALPHA);
    stop();
}

TEST(unknown_models_and_errors_of_workers_are_told_once)
{
    struct residency_options options = defaults();
    struct client client;
    start(&options);
    ask_and_wait(&client, "nothing-like-this", "answer");
    assert_failed(&client, "not_found", 404, "nothing-like-this");
    ask_and_wait(&client, ALPHA, "refuse");
    assert_failed(&client, "context_length", 400, "too long");
    assert_int_equal(client.code, ERROR_CONTEXT);
    stop();
}

TEST(a_model_that_cannot_be_loaded_is_told_to_all_who_wait_for_it)
{
    struct residency_options options = defaults();
    struct client one, two;
    options.load_limit_ns = 300000000;
    start(&options);
    ask(&one, "refused-1-1-1-1-1", "answer");
    ask(&two, "refused-1-1-1-1-1", "answer");
    wait_for_end(&one);
    wait_for_end(&two);
    assert_failed(&one, "load", 500, "no tensors");
    assert_failed(&two, "load", 500, "no tensors");
    ask_and_wait(&one, "crash-1-1-1-1-1", "answer");
    assert_failed(&one, "crashed", 500, "while the model was being loaded");
    ask_and_wait(&one, "mute-1-1-1-1-1", "answer");
    assert_failed(&one, "crashed", 500, "made no progress for 0.3 s");
    ask_and_wait(&one, "bad-100-10-128-0-1000", "answer");
    assert_failed(&one, "load", 500, "pages hold no tokens");
    stop();
}

TEST(requests_to_a_loaded_model_do_not_wait_while_another_loads)
{
    struct residency_options options = defaults();
    struct client slow[2], quick;
    start(&options);
    ask_and_wait(&quick, ALPHA, "answer");
    ask(&slow[0], SLOW, "answer");
    ask(&slow[1], SLOW, "answer");
    uint64_t began = clock_ns();
    ask_and_wait(&quick, ALPHA, "answer");
    uint64_t took_ns = clock_ns() - began;
    assert_answered(&quick);
    wait_for_end(&slow[0]);
    wait_for_end(&slow[1]);
    assert_answered(&slow[0]);
    assert_answered(&slow[1]);
    assert_true(took_ns < 300000000);
    assert_true(slow[0].load_ns >= 300000000);
    stop();
}

/* ---- keep alive ---- */

TEST(an_idle_model_is_unloaded_when_its_time_is_over)
{
    struct residency_options options = defaults();
    struct client client, held;
    options.keep_alive_ns = 300000000;
    start(&options);
    ask_and_wait(&client, ALPHA, "answer");
    struct resident alpha = resident_of(ALPHA);
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    int64_t left_ns =
        alpha.expires_at_ns - ((int64_t)wall.tv_sec * 1000000000 + (int64_t)wall.tv_nsec);
    assert_true(left_ns <= 300000000);
    ask(&held, ALPHA, "hold");
    wait_for_content(&held);
    usleep(500000);
    assert_true(is_there(ALPHA)); /* the time does not run while it works */
    uint64_t began = clock_ns();
    ask_and_wait(&client, ALPHA, "release");
    wait_for_end(&held);
    wait_until_gone(ALPHA);
    assert_true(clock_ns() - began >= 300000000); /* and begins anew */
    stop();
}

TEST(the_last_keep_alive_that_was_given_stays)
{
    struct residency_options options = defaults();
    struct client client;
    options.keep_alive_ns = 100000000;
    start(&options);
    wish_for(&client, WISH_REQUEST, ALPHA, "{\"do\":\"answer\"}", &for_ever);
    wait_for_end(&client);
    ask_and_wait(&client, ALPHA, "answer");
    usleep(300000);
    assert_true(resident_of(ALPHA).expires_at_ns == INT64_MAX);
    wish_for(&client, WISH_REQUEST, ALPHA, "{\"do\":\"answer\"}", &at_once);
    wait_for_end(&client);
    assert_answered(&client);
    wait_until_gone(ALPHA);
    stop();
}

/* ---- memory ---- */

TEST(plans_never_exceed_the_budget_and_are_what_is_told)
{
    struct residency_options options = defaults();
    struct client client;
    options.memory_bytes = 2 * WHOLE + 500;
    options.n_parallel = 1;
    start(&options);
    assert_int_equal(residency_budget_bytes(server.residency), 2 * WHOLE + 500);
    ask_and_wait(&client, ALPHA, "answer");
    struct sight sight = look();
    assert_int_equal(sight.sum, WHOLE); /* no more than it can use */
    assert_int_equal(sight.models[0].weights_bytes, 100);
    assert_int_equal(sight.models[0].scratch_bytes, 10);
    assert_int_equal(sight.models[0].kv_bytes, 16 * 128);
    ask_and_wait(&client, BETA, "answer");
    assert_int_equal(look().sum, 2 * WHOLE);
    ask_and_wait(&client, GAMMA, "answer"); /* alpha was used longest ago */
    sight = look();
    assert_null(seen(&sight, ALPHA));
    assert_non_null(seen(&sight, BETA));
    assert_non_null(seen(&sight, GAMMA));
    ask_and_wait(&client, BETA, "answer");
    ask_and_wait(&client, ALPHA, "answer"); /* now it is gamma */
    sight = look();
    assert_null(seen(&sight, GAMMA));
    assert_non_null(seen(&sight, BETA));
    stop();
}

TEST(a_model_that_does_not_fit_beside_busy_ones_is_refused_with_the_numbers)
{
    struct residency_options options = defaults();
    struct client held, client;
    options.memory_bytes = WHOLE + 1000;
    start(&options);
    ask(&held, ALPHA, "hold");
    wait_for_content(&held);
    ask_and_wait(&client, BETA, "answer");
    assert_failed(&client, "memory", 503, "the budget is 0.00 MB");
    assert_int_equal(client.code, ERROR_BUDGET);
    assert_true(client.retry_after_s > 0);
    assert_non_null(strstr(client.message, "in use by 'alpha"));
    ask_and_wait(&client, "huge-90000-10-128-64-100", "answer"); /* not even alone */
    assert_failed(&client, "load", 500, "needs 0.09 MB");
    assert_true(is_there(ALPHA));
    ask_and_wait(&client, ALPHA, "release");
    ask_and_wait(&client, BETA, "answer"); /* now alpha is idle */
    assert_answered(&client);
    assert_false(is_there(ALPHA));
    stop();
}

/* long: 64000 bytes for a whole context, 8192 for the 4096 tokens it must have. */
TEST(keys_and_values_shrink_for_another_model_and_grow_when_it_goes)
{
    struct residency_options options = defaults();
    struct client client;
    options.memory_bytes = 2 * 110 + 40000;
    start(&options);
    ask_and_wait(&client, LONG, "answer");
    assert_int_equal(resident_of("long").kv_bytes, (40000 + 110) / 128 * 128);
    assert_int_equal(client.n_ctx, (40000 + 110) / 128 * 64);
    ask_and_wait(&client, OTHER, "answer");
    assert_int_equal(client.n_ctx, 20000 / 128 * 64);
    assert_int_equal(resident_of("long").kv_bytes, 20000 / 128 * 128);
    assert_int_equal(resident_of("other").kv_bytes, 20000 / 128 * 128);
    wish_for(&client, WISH_UNLOAD, OTHER, "", NULL);
    wait_for_end(&client);
    ask_and_wait(&client, LONG, "answer");
    for (int i = 0; resident_of("long").kv_bytes != (40000 + 110) / 128 * 128; i++) {
        assert_true(i < 1000);
        usleep(1000);
    }
    stop();
}

TEST(memory_in_use_is_left_to_those_who_use_it_and_caches_are_waited_for)
{
    struct residency_options options = defaults();
    struct client held, client;
    options.memory_bytes = 2 * 110 + 40000;
    start(&options);
    /* 25600 bytes of a running answer, and 10240 that are only cached */
    ask_with(&held, LONG, "{\"do\":\"hold\",\"use\":25600,\"keep\":10240}");
    wait_for_content(&held);
    while (resident_of("long").kv_used_bytes != 25600)
        usleep(1000);
    uint64_t began = clock_ns();
    ask_and_wait(&client, OTHER, "answer");
    assert_answered(&client);
    assert_true(clock_ns() - began >= 50000000); /* the worker took so long to give pages back */
    assert_int_equal(resident_of("long").kv_bytes, 25600);
    assert_int_equal(resident_of("other").kv_bytes, (40000 - 25600) / 128 * 128);
    assert_int_equal(held.n_end, 0);
    stop();
    wait_for_end(&held);
}

TEST(no_more_models_than_allowed_are_in_memory)
{
    struct residency_options options = defaults();
    struct client held, client;
    options.most_models = 1;
    start(&options);
    ask_and_wait(&client, ALPHA, "answer");
    ask(&held, BETA, "hold");
    wait_for_content(&held);
    assert_false(is_there(ALPHA));
    ask_and_wait(&client, ALPHA, "answer");
    assert_failed(&client, "memory", 503, "1 models are in use");
    stop();
    wait_for_end(&held);
}

/* ---- limits and ends ---- */

TEST(too_many_requests_are_told_that_the_server_is_busy)
{
    struct residency_options options = defaults();
    struct client held[3], client;
    options.most_waiting = 3;
    start(&options);
    for (size_t i = 0; i < 3; i++)
        ask(&held[i], ALPHA, "hold");
    ask_and_wait(&client, ALPHA, "answer");
    assert_failed(&client, "busy", 503,
                  "server busy, please try again.  maximum pending requests exceeded");
    assert_int_equal(client.code, ERROR_BUDGET);
    wait_for_content(&held[0]);
    residency_cancel(server.residency, held[0].number);
    wait_for_end(&held[0]);
    ask_and_wait(&client, ALPHA, "release");
    assert_answered(&client);
    wait_for_end(&held[1]);
    wait_for_end(&held[2]);
    stop();
}

TEST(requests_can_be_cancelled_wherever_they_are)
{
    struct residency_options options = defaults();
    struct client loading, queued, running, other;
    start(&options);
    ask(&loading, SLOW, "answer");
    ask(&queued, BETA, "answer"); /* behind it, since one is loaded at a time */
    residency_cancel(server.residency, queued.number);
    wait_for_end(&queued);
    assert_failed(&queued, "cancelled", 499, "cancelled");
    assert_int_equal(loading.n_end, 0);
    residency_cancel(server.residency, loading.number);
    wait_for_end(&loading);
    assert_failed(&loading, "cancelled", 499, "cancelled");
    ask(&running, ALPHA, "hold");
    wait_for_content(&running);
    residency_cancel(server.residency, running.number);
    residency_cancel(server.residency, running.number);
    wait_for_end(&running);
    assert_string_equal(running.done, "cancelled");
    residency_cancel(server.residency, running.number); /* it is over */
    residency_cancel(server.residency, 0);
    residency_cancel(server.residency, UINT64_MAX);
    ask_and_wait(&other, ALPHA, "answer");
    assert_answered(&other);
    assert_false(is_there(BETA));
    stop();
}

static uint64_t metric(const char *name)
{
    struct text page;
    uint64_t value = 0;
    text_init(&page, 1 << 20);
    assert_true(metrics_write(server.metrics, NULL, &page));
    for (const char *line = page.data; line; line = strchr(line + 1, '\n'))
        if (strncmp(line + 1, name, strlen(name)) == 0 && strrchr(line, '}'))
            value += strtoull(strchr(line, '}') + 1, NULL, 10);
    text_release(&page);
    return value;
}

TEST(a_worker_that_dies_fails_its_requests_once_and_is_started_again)
{
    static const struct {
        const char *order, *message;
    } ends[] = {
        { "die at once", "was killed by signal 9 (SIGKILL): perhaps memory ran out" },
        { "die", "signal 9 (SIGKILL)" },
        { "bus", "signal 7 (SIGBUS): perhaps the model's file" },
        { "nonsense", "sent a message that makes no sense" },
        { "other", "sent a message that makes no sense" },
        { "stall", "made no progress for 0.5 s" },
    };
    struct residency_options options = defaults();
    options.stall_limit_ns = 500000000;
    start(&options);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct client held[5], beside, last;
        ask_and_wait(&beside, BETA, "answer");
        for (size_t k = 0; k < COUNT_OF(held); k++)
            ask(&held[k], ALPHA, "hold");
        wait_for_content(&held[COUNT_OF(held) - 1]);
        ask_and_wait(&last, ALPHA, ends[i].order);
        assert_failed(&last, "crashed", 500, ends[i].message);
        for (size_t k = 0; k < COUNT_OF(held); k++) {
            wait_for_end(&held[k]);
            assert_failed(&held[k], "crashed", 500, ends[i].message);
        }
        ask_and_wait(&last, ALPHA, "answer");
        assert_answered(&last);
        ask_and_wait(&last, BETA, "answer"); /* which has not noticed */
        assert_string_equal(last.content, beside.content);
    }
    assert_int_equal(metric("hearth_worker_deaths_total"), COUNT_OF(ends));
    stop();
}

TEST(requests_that_run_get_their_time_when_the_server_stops)
{
    struct residency_options options = defaults();
    struct client held;
    start(&options);
    ask(&held, ALPHA, "hold");
    wait_for_content(&held);
    uint64_t began = clock_ns();
    residency_close(&server.residency, 300000000);
    assert_true(clock_ns() - began >= 300000000);
    assert_int_equal(held.n_end, 1);
    assert_string_equal(held.done, "cancelled");
    stop();
}

/* ---- many at once ---- */

static void *ask_often(void *context)
{
    static const char *const orders[] = { "answer", "hold", "refuse", "answer", "die" };
    unsigned seed = (unsigned)(uintptr_t)context;
    for (int i = 0; i < 25; i++) {
        struct client client;
        const char *model = i % 3 == 0 ? BETA : i % 3 == 1 ? ALPHA : GAMMA;
        const char *order = orders[(seed + (unsigned)i) % (seed % 4 == 0 && i == 12 ? 5 : 4)];
        ask(&client, model, order);
        if (strcmp(order, "hold") == 0)
            residency_cancel(server.residency, client.number);
        look();
        wait_for_end(&client);
        assert_int_equal(client.n_end, 1);
    }
    return NULL;
}

TEST(many_threads_and_models_under_a_small_budget_all_come_to_an_end)
{
    pthread_t threads[8];
    struct residency_options options = defaults();
    options.memory_bytes = 2 * WHOLE + 500;
    options.keep_alive_ns = 5000000;
    start(&options);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, (void *)(i + 1)), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    stop();
}
