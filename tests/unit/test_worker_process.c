#include "test.h"

#include "base/clock.h"
#include "base/log.h"
#include "fake_worker.h"
#include "server/residency/worker_process.h"
#include "worker/protocol.h"

#include <pthread.h>
#include <signal.h>

/* ---- the worker: its first frame says what to do ---- */

static void sleep_for_ever(void)
{
    for (;;)
        pause();
}

static void send_environment(int fd)
{
    for (char **variable = environ; *variable; variable++)
        fake_send(fd, FRAME_CONTENT, 1, slice_of(*variable));
    char count[20];
    snprintf(count, sizeof count, "files=%zu", n_open_files());
    fake_send(fd, FRAME_CONTENT, 1, slice_of(count));
}

static int fake_worker(int fd)
{
    struct frame frame;
    if (!fake_receive(fd, &frame))
        return 0;
    char order[40] = "";
    memcpy(order, frame.payload.data, size_min(frame.payload.length, sizeof order - 1));
    if (strcmp(order, "exit") == 0)
        return 3;
    if (strcmp(order, "die") == 0)
        raise(SIGKILL);
    if (strcmp(order, "abort") == 0)
        raise(SIGABRT);
    if (strcmp(order, "silent") == 0)
        sleep_for_ever();
    if (strcmp(order, "deaf") == 0) {
        signal(SIGTERM, SIG_IGN);
        fake_send(fd, FRAME_READY, 0, slice_of("deaf"));
        sleep_for_ever();
    }
    if (strcmp(order, "close") == 0) {
        close(fd);
        sleep_for_ever();
    }
    if (strcmp(order, "garbage") == 0) {
        char bytes[64];
        memset(bytes, 0xff, sizeof bytes);
        return write(fd, bytes, sizeof bytes) > 0 ? (sleep_for_ever(), 0) : 97;
    }
    if (strcmp(order, "environment") == 0)
        send_environment(fd);
    if (strcmp(order, "talk") == 0)
        return dprintf(2, "one line\nand half of") < 0 || dprintf(1, " another") < 0;
    while (fake_receive(fd, &frame)) /* an echo */
        fake_send(fd, frame.kind, frame.request, frame.payload);
    return 0;
}

/* ---- the server's side ---- */

struct seen {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct worker_process *process;
    size_t n_frames, n_bytes, n_gone;
    char texts[64][200]; /* of the first frames */
    struct worker_end end;
    char how[200];
};

static void see_frame(void *context, const struct frame *frame)
{
    struct seen *seen = context;
    pthread_mutex_lock(&seen->lock);
    assert_int_equal(seen->n_gone, 0);
    if (seen->n_frames < COUNT_OF(seen->texts))
        snprintf(seen->texts[seen->n_frames], sizeof seen->texts[0], "%.*s",
                 (int)size_min(frame->payload.length, 199), frame->payload.data);
    seen->n_frames++;
    seen->n_bytes += frame->payload.length;
    pthread_cond_broadcast(&seen->changed);
    pthread_mutex_unlock(&seen->lock);
}

static void see_end(void *context, const struct worker_end *end)
{
    struct seen *seen = context;
    pthread_mutex_lock(&seen->lock);
    seen->n_gone++;
    seen->end = *end;
    snprintf(seen->how, sizeof seen->how, "%s", end->how);
    pthread_cond_broadcast(&seen->changed);
    pthread_mutex_unlock(&seen->lock);
}

static void say(struct seen *seen, const char *text)
{
    struct error err = { 0 };
    struct frame frame = { FRAME_REQUEST, 0, 1, slice_of(text) };
    assert_ok(worker_process_send(seen->process, &frame, &err), err);
}

static struct seen *start(const char *order)
{
    static struct seen seen;
    struct error err = { 0 };
    skip_in_emulator();
    seen = (struct seen){ .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
    struct worker_process_options options = { "/proc/self/exe", "fake", see_frame, see_end, &seen };
    assert_ok(worker_process_start(&seen.process, &options, &err), err);
    say(&seen, order);
    return &seen;
}

static void wait_for_frames(struct seen *seen, size_t n)
{
    pthread_mutex_lock(&seen->lock);
    while (seen->n_frames < n && !seen->n_gone)
        pthread_cond_wait(&seen->changed, &seen->lock);
    pthread_mutex_unlock(&seen->lock);
    assert_true(seen->n_frames >= n);
}

static void wait_for_end(struct seen *seen)
{
    pthread_mutex_lock(&seen->lock);
    while (!seen->n_gone)
        pthread_cond_wait(&seen->changed, &seen->lock);
    pthread_mutex_unlock(&seen->lock);
}

/* Everything of it is over: told once, no zombie, no file left. */
static void finish(struct seen *seen, size_t files_before)
{
    worker_process_close(&seen->process);
    assert_null(seen->process);
    assert_int_equal(seen->n_gone, 1);
    assert_int_equal(n_open_files(), files_before);
    assert_false(has_children());
}

TEST(frames_go_to_the_worker_and_come_back)
{
    size_t files = n_open_files();
    struct seen *seen = start("echo");
    for (int i = 0; i < 50; i++) {
        char text[20];
        snprintf(text, sizeof text, "frame %d", i);
        say(seen, text);
    }
    wait_for_frames(seen, 50);
    for (int i = 0; i < 50; i++) {
        char text[20];
        snprintf(text, sizeof text, "frame %d", i);
        assert_string_equal(seen->texts[i], text);
    }
    finish(seen, files);
    assert_true(seen->end.was_told);
    assert_string_equal(seen->how, "ended with status 0");
}

TEST(a_sender_never_waits_for_a_worker_that_does_not_read)
{
    enum { FRAMES = 32, BYTES = 1 << 20 };
    size_t files = n_open_files();
    struct error err = { 0 };
    struct seen *seen = start("deaf");
    wait_for_frames(seen, 1);
    static char bytes[BYTES];
    struct frame frame = { FRAME_REQUEST, 0, 1, { bytes, sizeof bytes } };
    for (int i = 0; i < FRAMES; i++)
        assert_ok(worker_process_send(seen->process, &frame, &err), err);
    uint64_t began = clock_ns();
    finish(seen, files); /* it ignores SIGTERM too */
    assert_true(seen->end.was_told);
    assert_non_null(strstr(seen->how, "SIGKILL"));
    assert_in_range(clock_ns() - began, 1000000000, 20000000000);
}

TEST(large_frames_arrive_whole_in_both_directions)
{
    enum { FRAMES = 4, BYTES = 5 << 20 };
    size_t files = n_open_files();
    struct error err = { 0 };
    struct seen *seen = start("echo");
    static char bytes[BYTES];
    struct frame frame = { FRAME_REQUEST, 0, 1, { bytes, sizeof bytes } };
    for (int i = 0; i < FRAMES; i++)
        assert_ok(worker_process_send(seen->process, &frame, &err), err);
    wait_for_frames(seen, FRAMES);
    assert_int_equal(seen->n_bytes, (size_t)FRAMES * BYTES);
    finish(seen, files);
}

TEST(a_worker_that_ends_by_itself_is_told_with_its_status_or_signal)
{
    static const struct {
        const char *order, *how;
    } ends[] = {
        { "exit", "ended with status 3" },
        { "die", "was killed by signal 9 (SIGKILL): perhaps memory ran out" },
        { "abort", "was killed by signal 6 (SIGABRT)" },
        { "close", "was killed by signal 9 (SIGKILL): perhaps memory ran out" },
        { "garbage", "sent bytes that are no message" },
    };
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        size_t files = n_open_files();
        struct seen *seen = start(ends[i].order);
        wait_for_end(seen);
        assert_string_equal(seen->how, ends[i].how);
        assert_false(seen->end.was_told);
        say(seen, "is lost"); /* and harms nobody */
        finish(seen, files);
    }
}

TEST(a_worker_that_is_silent_too_long_is_killed)
{
    size_t files = n_open_files();
    struct seen *seen = start("silent");
    uint64_t began = clock_ns();
    worker_process_expect(seen->process, 200000000);
    wait_for_end(seen);
    assert_true(clock_ns() - began >= 200000000);
    assert_string_equal(seen->how, "made no progress for 0.2 s");
    assert_false(seen->end.was_told);
    finish(seen, files);

    /* but not when it speaks, or need not speak */
    seen = start("echo");
    worker_process_expect(seen->process, 2000000000);
    for (size_t i = 1; i <= 5; i++) {
        say(seen, "alive");
        wait_for_frames(seen, i);
    }
    worker_process_expect(seen->process, 0);
    usleep(50000);
    assert_int_equal(seen->n_gone, 0);
    finish(seen, files);
    assert_true(seen->end.was_told);
}

/* Who asks sets the clock anew while the process's thread looks at it. */
static void *ask_again_and_again(void *context)
{
    struct seen *seen = context;
    for (size_t i = 0; i < 20000; i++)
        worker_process_expect(seen->process, i % 2 ? 60000000000 : 0);
    return NULL;
}

TEST(a_worker_that_much_is_asked_of_is_not_taken_for_silent)
{
    size_t files = n_open_files();
    pthread_t threads[4];
    struct seen *seen = start("echo");
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_again_and_again, seen), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    finish(seen, files);
    assert_string_equal(seen->how, "ended with status 0");
}

TEST(a_worker_can_be_killed_with_a_reason)
{
    size_t files = n_open_files();
    struct seen *seen = start("echo");
    worker_process_kill(seen->process, "sent a message that makes no sense");
    wait_for_end(seen);
    assert_string_equal(seen->how, "sent a message that makes no sense");
    assert_false(seen->end.was_told);
    finish(seen, files);
}

TEST(a_worker_knows_nothing_of_the_servers_environment_and_files)
{
    setenv("SECRET_TOKEN", "of the server", 1);
    setenv("HEARTH_CPU", "avx2", 1);
    int extra = dup(0);
    struct seen *seen = start("environment");
    say(seen, "last");
    bool is_last = false, has_cpu = false, has_files = false;
    for (size_t i = 0; !is_last; i++) {
        wait_for_frames(seen, i + 1);
        assert_true(i < COUNT_OF(seen->texts));
        assert_null(strstr(seen->texts[i], "SECRET_TOKEN"));
        assert_null(strstr(seen->texts[i], "PATH=/"));
        has_cpu |= strcmp(seen->texts[i], "HEARTH_CPU=avx2") == 0;
        /* standard input, output and errors, the socket, and the folder that is being read */
        has_files |= strcmp(seen->texts[i], "files=5") == 0;
        is_last = strcmp(seen->texts[i], "last") == 0;
    }
    assert_true(has_cpu);
    assert_true(has_files);
    worker_process_close(&seen->process);
    unsetenv("SECRET_TOKEN");
    unsetenv("HEARTH_CPU");
    close(extra);
}

TEST(what_a_worker_writes_to_its_standard_error_goes_to_the_log)
{
    char path[] = "/tmp/test_worker_process.XXXXXX", text[4000] = "";
    struct error err = { 0 };
    close(mkstemp(path));
    assert_ok(log_open(&(struct log_options){ LOG_INFO, false, path }, &err), err);
    struct seen *seen = start("talk");
    wait_for_end(seen);
    worker_process_close(&seen->process);
    log_close();
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_true(fread(text, 1, sizeof text - 1, file) > 0);
    fclose(file);
    unlink(path);
    assert_non_null(strstr(text, "one line"));
    assert_non_null(strstr(text, "and half of another"));
    assert_non_null(strstr(text, "fake"));
}

TEST(a_program_that_is_not_there_is_an_error_that_leaves_nothing)
{
    skip_in_emulator();
    size_t files = n_open_files();
    struct error err = { 0 };
    struct worker_process *process;
    struct worker_process_options options = { "/nonexistent/hearth", "fake", see_frame, see_end,
                                              NULL };
    assert_false(worker_process_start(&process, &options, &err));
    assert_null(process);
    assert_int_equal(err.code, ERROR_IO);
    assert_non_null(strstr(err.message, "/nonexistent/hearth"));
    assert_int_equal(n_open_files(), files);
    assert_false(has_children());
}
