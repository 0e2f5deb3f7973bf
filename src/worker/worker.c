#include "worker/worker.h"

#include "base/mapped_file.h"
#include "base/thread_pool.h"
#include "worker/model_paths.h"
#include "worker/model_report.h"
#include "worker/preparation.h"
#include "worker/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    READ_BYTES = 1 << 16,
    WAITING_LIMIT_BYTES = 32 << 20, /* of frames that nobody reads */
    REPORT_LIMIT_BYTES = FRAME_MOST_BYTES,
};

struct worker {
    int fd;
    struct frame_reader reader;
    struct sandbox_report sandbox;
    struct worker_model model;
    struct outbox *outbox;
    struct job_list *jobs;
    struct scheduler *scheduler;
    struct preparation *preparation;
};

/* Nothing of what clients said may end in a file, nor be read by other processes of this user. */
static void take_over_process(void)
{
    struct rlimit none = { 0, 0 };
    (void)!setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGINT, SIG_IGN); /* Ctrl-C is for the server, which then closes its end */
}

/* More bytes from the server; false: it is gone, or what it says makes no sense. */
static bool read_more(struct worker *w, struct error *err)
{
    char bytes[READ_BYTES];
    ssize_t n = read(w->fd, bytes, sizeof bytes);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (n < 0 && errno == ECONNRESET) /* it has gone and left unread what it was told */
        return false;
    if (n < 0)
        return fail(err, ERROR_IO, "cannot read from the server: %s", strerror(errno));
    return n > 0 && frame_reader_add(&w->reader, (struct slice){ bytes, (size_t)n }, err);
}

/* ---- loading ---- */

static bool await_open(struct worker *w, const struct json **open, struct error *err)
{
    struct frame frame;
    while (!frame_reader_next(&w->reader, &frame))
        if (!read_more(w, err))
            return false;
    if (frame.kind != FRAME_OPEN)
        return fail(err, ERROR_FORMAT, "the first message is of kind %d, not %d", frame.kind,
                    FRAME_OPEN);
    return json_open(open, frame.payload.length ? frame.payload.data : "", frame.payload.length,
                     "what is to be opened", err);
}

/* Processors are counted while the files that tell of quotas can be read. */
static uint32_t choose_threads(const struct json *open)
{
    int64_t wanted = json_int(json_get(open, "n_threads"), 0);
    size_t available = cpu_count_available();
    return wanted > 0 && (uint64_t)wanted < available ? (uint32_t)wanted : (uint32_t)available;
}

static bool lock_in(struct worker *w, const struct json *open, struct error *err)
{
    struct model_paths paths;
    struct slice path = json_text(json_get(open, "path"));
    if (!path.length || memchr(path.data, '\0', path.length))
        return fail(err, ERROR_USAGE, "'path' must name a model");
    bool ok = model_paths_find(&paths, path.data, err) &&
              sandbox_enter((const char *const *)paths.paths, paths.count, &w->sandbox, err);
    model_paths_release(&paths);
    return ok;
}

static bool start(struct worker *w, const struct json *open, struct error *err)
{
    int64_t n_parallel = json_int(json_get(open, "n_parallel"), 0);
    struct scheduler_options scheduling = {
        .model = &w->model,
        .outbox = w->outbox,
        .jobs = w->jobs,
        .n_parallel = n_parallel > 0 && n_parallel < UINT32_MAX ? (uint32_t)n_parallel : 0,
    };
    if (!scheduler_open(&w->scheduler, &scheduling, err))
        return false;
    struct preparation_options preparing = { &w->model, w->outbox, w->jobs, w->scheduler };
    return preparation_open(&w->preparation, &preparing, err);
}

static bool load(struct worker *w, const struct json *open, struct error *err)
{
    uint32_t n_threads = choose_threads(open);
    return lock_in(w, open, err) && worker_model_open(&w->model, open, n_threads, err) &&
           job_list_open(&w->jobs, err) && start(w, open, err);
}

static void send_ready(struct worker *w)
{
    struct text json;
    struct frame frame = { .kind = FRAME_READY };
    text_init(&json, REPORT_LIMIT_BYTES);
    if (model_report_write(&json, &w->model, &w->sandbox))
        frame.payload = text_slice(&json);
    outbox_add_last(w->outbox, &frame);
    text_release(&json);
}

static void send_refused(struct worker *w, const struct error *err)
{
    struct text json;
    struct refusal why = { .error = *err };
    struct frame frame = { .kind = FRAME_REFUSED };
    text_init(&json, 1 << 16);
    if (refusal_write(&json, &why))
        frame.payload = text_slice(&json);
    outbox_add_last(w->outbox, &frame);
    text_release(&json);
}

/* ---- frames ---- */

static bool take_request(struct worker *w, const struct frame *frame, struct error *err)
{
    struct job *job;
    if (!job_new(&job, frame->request, frame->payload, err))
        return false;
    job_list_add(w->jobs, job);
    preparation_add(w->preparation, job);
    return true;
}

static bool take_grant(struct worker *w, struct slice payload, struct error *err)
{
    const struct json *grant = NULL;
    if (!json_open(&grant, payload.length ? payload.data : "", payload.length, "a grant", err))
        return false;
    int64_t kv_bytes = json_int(json_get(grant, "kv_bytes"), -1);
    int64_t n_ctx = json_int(json_get(grant, "n_ctx"), 0);
    uint32_t most = engine_n_ctx(w->model.engine);
    json_close(&grant);
    if (kv_bytes < 0 || n_ctx < 0)
        return fail(err, ERROR_FORMAT, "a grant of %" PRId64 " bytes and %" PRId64 " tokens",
                    kv_bytes, n_ctx);
    atomic_store(&w->model.n_ctx, n_ctx && n_ctx < most ? (uint32_t)n_ctx : most);
    scheduler_grant(w->scheduler, (uint64_t)kv_bytes);
    return true;
}

static bool take_frame(struct worker *w, const struct frame *frame, struct error *err)
{
    switch (frame->kind) {
    case FRAME_REQUEST:
        return take_request(w, frame, err);
    case FRAME_GRANT:
        return take_grant(w, frame->payload, err);
    case FRAME_CANCEL:
        job_list_cancel(w->jobs, frame->request);
        scheduler_wake(w->scheduler);
        return true;
    default:
        return fail(err, ERROR_FORMAT, "a message of kind %d", frame->kind);
    }
}

static bool take_frames(struct worker *w, struct error *err)
{
    struct frame frame;
    while (frame_reader_next(&w->reader, &frame))
        if (!take_frame(w, &frame, err))
            return false;
    return true;
}

/* While much waits for the server, nothing more is asked of it. */
static bool wait_and_read(struct worker *w, struct error *err)
{
    bool is_waiting = outbox_is_waiting(w->outbox);
    bool is_full = is_waiting && outbox_is_full(w->outbox); /* else nothing ends the wait */
    struct pollfd polled[] = {
        { .fd = w->fd, .events = (short)((is_full ? 0 : POLLIN) | (is_waiting ? POLLOUT : 0)) },
        { .fd = outbox_signal_fd(w->outbox), .events = POLLIN },
    };
    if (poll(polled, COUNT_OF(polled), -1) < 0)
        return errno == EINTR || fail(err, ERROR_IO, "cannot wait: %s", strerror(errno));
    if (polled[1].revents)
        outbox_take_signal(w->outbox);
    if (polled[0].revents & POLLOUT)
        outbox_flush(w->outbox);
    return !(polled[0].revents & (POLLIN | POLLHUP | POLLERR)) || read_more(w, err);
}

/* Until the server's end closes, which is no failure. */
static bool serve(struct worker *w, struct error *err)
{
    while (take_frames(w, err) && wait_and_read(w, err))
        ;
    return err->code == ERROR_NONE;
}

/* ---- the whole ---- */

static bool set_blocking(int fd, bool blocks)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, blocks ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) == 0;
}

static bool run(struct worker *w, struct error *err)
{
    const struct json *open = NULL;
    if (!outbox_open(&w->outbox, w->fd, WAITING_LIMIT_BYTES, err) || !await_open(w, &open, err))
        return false;
    bool ok = load(w, open, err);
    json_close(&open);
    if (!ok) {
        send_refused(w, err);
        outbox_flush(w->outbox); /* the socket still blocks: all of it goes */
        return false;
    }
    send_ready(w);
    outbox_flush(w->outbox);
    return (set_blocking(w->fd, false) || fail(err, ERROR_IO, "a socket that blocks")) &&
           serve(w, err);
}

static void close_all(struct worker *w)
{
    if (w->jobs)
        job_list_cancel_all(w->jobs); /* so that preparing ends soon */
    preparation_close(&w->preparation);
    scheduler_close(&w->scheduler);
    job_list_close(&w->jobs);
    worker_model_close(&w->model);
    outbox_close(&w->outbox);
    frame_reader_release(&w->reader);
}

int worker_run(int fd)
{
    struct error err = { 0 };
    struct worker w = { .fd = fd };
    take_over_process();
    frame_reader_init(&w.reader);
    bool ok = set_blocking(fd, true) && run(&w, &err);
    close_all(&w);
    return ok ? 0 : 1;
}
