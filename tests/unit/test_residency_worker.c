#include "test.h"

#include "base/log.h"
#include "base/text.h"
#include "server/metrics.h"
#include "server/models/model_list.h"
#include "server/residency/residency.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* Residency with the real program as worker, which stands beside the folder of tests, and the model
 * that is a part of the repository. */

static struct {
    char folder[64], program[500], model[100];
    struct model_list *list;
    struct metrics *metrics;
    struct residency *residency;
} server;

struct client {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    size_t n_started, n_texts, n_done, n_failed, n_end;
    uint32_t n_ctx;
    char reason[40], message[1200];
    struct text answer;
};

static void listen_to(void *context, const struct task_event *event)
{
    struct client *client = context;
    pthread_mutex_lock(&client->lock);
    client->n_started += event->kind == TASK_STARTED;
    client->n_done += event->kind == TASK_DONE;
    client->n_end += event->kind == TASK_END;
    if (event->model)
        client->n_ctx = event->model->n_ctx;
    if (event->kind == TASK_CONTENT) {
        client->n_texts++;
        assert_true(text_append_slice(&client->answer, event->text));
    }
    if (event->kind == TASK_FAILED) {
        client->n_failed++;
        snprintf(client->reason, sizeof client->reason, "%s", event->failure->reason);
        snprintf(client->message, sizeof client->message, "%s", event->failure->message);
    }
    pthread_cond_broadcast(&client->changed);
    pthread_mutex_unlock(&client->lock);
}

static uint64_t ask(struct client *client, const char *request)
{
    *client =
        (struct client){ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
    text_init(&client->answer, 1 << 20);
    return residency_start(server.residency, &(struct wish){ .kind = WISH_REQUEST,
                                                             .model = slice_of("small"),
                                                             .request = slice_of(request),
                                                             .listener = listen_to,
                                                             .context = client });
}

/* Until one of the counts is at least 1, or the end. */
static void wait_for(struct client *client, const size_t *count)
{
    pthread_mutex_lock(&client->lock);
    while (!*count && !client->n_end)
        pthread_cond_wait(&client->changed, &client->lock);
    pthread_mutex_unlock(&client->lock);
}

static void finish(struct client *client)
{
    wait_for(client, &client->n_end);
    assert_true(client->n_failed <= 1);
    text_release(&client->answer);
}

static void copy_model(void)
{
    char bytes[1 << 16];
    FILE *in = fopen("models/ember.gguf", "rb"), *out = fopen(server.model, "wb");
    assert_non_null(in);
    assert_non_null(out);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in));)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    fclose(out);
}

static void find_program(void)
{
    ssize_t n = readlink("/proc/self/exe", server.program, sizeof server.program - 20);
    assert_true(n > 0);
    server.program[n] = '\0';
    for (int i = 0; i < 2; i++)
        *strrchr(server.program, '/') = '\0';
    strcat(server.program, "/hearth");
    if (access(server.program, X_OK) != 0 || access("models/ember.gguf", R_OK) != 0)
        SKIP("no %s, or no models/ember.gguf", server.program);
}

/* Signals shall end a worker as they do without a sanitizer. */
static void add_option(const char *variable, const char *option)
{
    char value[500];
    const char *before = getenv(variable);
    snprintf(value, sizeof value, "%s%s%s", before ? before : "", before ? ":" : "", option);
    setenv(variable, value, 1);
}

static void start(uint64_t memory_bytes)
{
    struct error err = { 0 };
    find_program();
    add_option("ASAN_OPTIONS", "handle_sigbus=0");
    add_option("TSAN_OPTIONS", "handle_sigbus=0");
    assert_ok(log_open(&(struct log_options){ LOG_ERROR, false, "/dev/null" }, &err), err);
    snprintf(server.folder, sizeof server.folder, "/tmp/test_residency_worker.XXXXXX");
    assert_non_null(mkdtemp(server.folder));
    snprintf(server.model, sizeof server.model, "%s/small.gguf", server.folder);
    copy_model();
    struct residency_options options = { .memory_bytes = memory_bytes,
                                         .most_waiting = 64,
                                         .keep_alive_ns = -1,
                                         .load_limit_ns = 60000000000,
                                         .stall_limit_ns = 60000000000,
                                         .program = server.program };
    assert_ok(model_list_open(&server.list, &(struct model_list_options){ .folder = server.folder },
                              &err),
              err);
    assert_ok(metrics_open(&server.metrics, &err), err);
    assert_ok(residency_open(&server.residency, &options, server.list, server.metrics, &err), err);
}

static void stop(void)
{
    residency_close(&server.residency, 0);
    metrics_close(&server.metrics);
    model_list_close(&server.list);
    unlink(server.model);
    rmdir(server.folder);
}

static void note_resident(void *context, const struct resident *model)
{
    *(struct resident *)context = *model;
}

static struct resident look(void)
{
    struct resident resident = { 0 };
    residency_visit(server.residency, note_resident, &resident);
    return resident;
}

static const char *const question =
    "{\"kind\":\"generate\",\"client\":\"x\",\"prompt\":\"Once upon a time\",\"raw\":true,"
    "\"options\":{\"num_predict\":8,\"temperature\":0}}";
static const char *const endless =
    "{\"kind\":\"generate\",\"client\":\"x\",\"prompt\":\"Once upon a time\",\"raw\":true,"
    "\"options\":{\"num_predict\":2000,\"temperature\":1,\"seed\":1,\"stop_loops\":false}}";

static void assert_answers(struct client *client)
{
    ask(client, question);
    wait_for(client, &client->n_end);
    if (client->n_failed)
        fail_msg("%s: %s", client->reason, client->message);
    assert_int_equal(client->n_started, 1);
    assert_int_equal(client->n_done, 1);
    assert_true(client->answer.length > 0);
}

TEST(a_real_worker_answers_within_the_budget)
{
    enum { BUDGET = 400 << 20 };
    struct client first, second;
    start(BUDGET);
    assert_answers(&first);
    assert_answers(&second);
    assert_true(slice_equal(text_slice(&first.answer), text_slice(&second.answer)));
    struct resident model = look();
    struct stat status;
    assert_int_equal(stat(server.model, &status), 0);
    /* the tensors, which the file holds beside its head */
    assert_in_range(model.weights_bytes, (uint64_t)status.st_size / 2, (uint64_t)status.st_size);
    uint64_t sum = model.weights_bytes + model.scratch_bytes + model.kv_bytes;
    assert_true(sum <= BUDGET);
    assert_true(model.kv_bytes > 0 && model.n_ctx > 0);
    assert_int_equal(model.n_ctx, first.n_ctx);
    finish(&first);
    finish(&second);
    stop();
}

TEST(a_real_worker_that_is_killed_while_it_answers_is_told_and_started_again)
{
    struct client running, next;
    start(400 << 20);
    ask(&running, endless);
    wait_for(&running, &running.n_texts);
    assert_int_equal(running.n_failed, 0);
    int pid = look().pid;
    assert_int_equal(kill(pid, SIGKILL), 0);
    wait_for(&running, &running.n_end);
    assert_int_equal(running.n_failed, 1);
    assert_string_equal(running.reason, "crashed");
    assert_non_null(strstr(running.message, "SIGKILL"));
    assert_answers(&next);
    assert_int_not_equal(look().pid, pid);
    finish(&running);
    finish(&next);
    stop();
}

TEST(a_real_worker_that_is_killed_while_it_reads_a_prompt_is_told)
{
    struct client running, next;
    struct text request;
    start(400 << 20);
    assert_answers(&next);
    finish(&next);
    text_init(&request, 1 << 20);
    assert_true(text_append_string(
        &request, "{\"kind\":\"generate\",\"client\":\"x\",\"raw\":true,\"prompt\":\""));
    for (size_t i = 0; i + 200 < look().n_ctx; i++)
        assert_true(text_printf(&request, "%c", (char)('a' + i * 7 % 26)));
    assert_true(text_append_string(&request, "\"}"));
    ask(&running, request.data);
    wait_for(&running, &running.n_started);
    assert_int_equal(kill(look().pid, SIGKILL), 0);
    wait_for(&running, &running.n_end);
    assert_int_equal(running.n_failed, 1);
    assert_string_equal(running.reason, "crashed");
    assert_answers(&next);
    finish(&running);
    finish(&next);
    text_release(&request);
    stop();
}

TEST(a_model_whose_file_is_cut_off_while_it_is_used_costs_its_requests_only)
{
    struct client client;
    start(400 << 20);
    assert_answers(&client);
    finish(&client);
    assert_int_equal(truncate(server.model, 4096), 0);
    ask(&client, question);
    wait_for(&client, &client.n_end);
    assert_int_equal(client.n_failed, 1);
    assert_string_equal(client.reason, "crashed");
    assert_non_null(strstr(client.message, "SIGBUS"));
    finish(&client);
    ask(&client, question); /* it cannot be loaded any more, which is told in words */
    wait_for(&client, &client.n_end);
    assert_int_equal(client.n_failed, 1);
    assert_string_equal(client.reason, "load");
    finish(&client);
    copy_model();
    assert_answers(&client);
    finish(&client);
    stop();
}

TEST(a_real_worker_ends_a_cancelled_answer_soon)
{
    struct client running, next;
    start(400 << 20);
    uint64_t number = ask(&running, endless);
    wait_for(&running, &running.n_texts);
    residency_cancel(server.residency, number);
    wait_for(&running, &running.n_end);
    assert_int_equal(running.n_failed, 0);
    assert_true(running.n_texts < 2000);
    assert_answers(&next);
    finish(&running);
    finish(&next);
    stop();
}
