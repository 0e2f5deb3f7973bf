#include "server/residency/worker_process.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    WORKER_FD = 3,                  /* the socket in the worker */
    FIRST_FREE_FD = 10,             /* the server's own lie above what the worker's become */
    READ_BYTES = 64 << 10,          /* at once */
    LINE_BYTES = 1000,              /* of standard error; longer lines are cut in pieces */
    WAITING_BYTES = 512 << 20,      /* frames that are not sent yet */
    MORE_LIKELY_OUT_OF_MEMORY = 500 /* than others: the system shall end workers first */
};

static const uint64_t second_ns = 1000000000;
static const uint64_t look_again_ns = 5000000; /* for an end that the system does not tell */
static const uint64_t patience_ns = 200000000; /* with who was told to end, until SIGTERM */

struct worker_process {
    struct worker_process_options options; /* `program` and `name` are not used any more */
    char *name;
    pid_t pid;
    int socket, errors, wake; /* `errors`: the reading end of its standard error */
    int end;                  /* readable when it has ended; -1: the system cannot tell */
    pthread_t thread;

    pthread_mutex_t lock;
    /* guarded by `lock` */
    struct text waiting; /* frames to be sent */
    uint64_t limit_ns, heard_ns;
    bool is_told, is_sentenced;
    char why[120]; /* it is killed */

    /* of the thread alone */
    struct frame_reader reader;
    struct text sending;
    size_t n_sent;
    uint64_t told_ns, closed_ns; /* when it was told to end; when its socket was found closed */
    bool got_term, got_kill, is_closed;
    char line[LINE_BYTES + 1];
    size_t line_length;
};

/* ---- start ---- */

/* What a worker may know of the server's environment. */
static bool is_passed_on(const char *variable)
{
    static const char *const names[] = {
        "HEARTH_CPU=",   "LD_LIBRARY_PATH=", "GLIBC_TUNABLES=",
        "ASAN_OPTIONS=", "UBSAN_OPTIONS=",   "TSAN_OPTIONS=",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strncmp(variable, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static void choose_environment(char **out, size_t most)
{
    size_t n = 0;
    for (char **variable = environ; variable && *variable && n + 1 < most; variable++)
        if (is_passed_on(*variable))
            out[n++] = *variable;
    out[n] = NULL;
}

/* The same file under a number that is none of the worker's; -1 with errno when there is none. */
static int move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
    int reason = errno;
    close(fd);
    errno = reason;
    return moved;
}

struct channels {
    int server_socket, worker_socket, server_errors, worker_errors;
};

static void close_channels(struct channels *channels)
{
    int *all[] = { &channels->server_socket, &channels->worker_socket, &channels->server_errors,
                   &channels->worker_errors };
    for (size_t i = 0; i < COUNT_OF(all); i++)
        if (*all[i] >= 0)
            close(*all[i]);
}

static bool open_channels(struct channels *channels, struct error *err)
{
    int pair[2], pipe[2];
    *channels = (struct channels){ -1, -1, -1, -1 };
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return fail(err, ERROR_IO, "cannot make a socket for a worker: %s", strerror(errno));
    channels->server_socket = move_up(pair[0]);
    channels->worker_socket = move_up(pair[1]);
    if (pipe2(pipe, O_CLOEXEC) == 0) {
        channels->server_errors = move_up(pipe[0]);
        channels->worker_errors = move_up(pipe[1]);
    }
    if (channels->server_socket >= 0 && channels->worker_socket >= 0 &&
        channels->server_errors >= 0 && channels->worker_errors >= 0)
        return true;
    fail(err, ERROR_IO, "cannot make a pipe for a worker: %s", strerror(errno));
    close_channels(channels);
    return false;
}

/* Default signals, none blocked, and a process group of its own, so that a key in the server's
 * terminal does not end it in front of the server. */
static int spawn_with(pid_t *pid, const char *program, posix_spawn_file_actions_t *actions,
                      posix_spawnattr_t *attributes)
{
    char *environment[16], number[12];
    char *arguments[] = { (char *)program, "worker", "--fd", number, NULL };
    sigset_t none, all;
    snprintf(number, sizeof number, "%d", WORKER_FD);
    choose_environment(environment, COUNT_OF(environment));
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                             POSIX_SPAWN_SETPGROUP);
    return posix_spawn(pid, program, actions, attributes, arguments, environment);
}

static bool spawn(pid_t *pid, const char *program, const struct channels *channels,
                  struct error *err)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return fail_memory(err, sizeof actions, "starting a worker");
    int status = posix_spawnattr_init(&attributes);
    if (status == 0) {
        status = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        if (status == 0)
            status = posix_spawn_file_actions_adddup2(&actions, channels->worker_errors, 1);
        if (status == 0)
            status = posix_spawn_file_actions_adddup2(&actions, channels->worker_errors, 2);
        if (status == 0)
            status = posix_spawn_file_actions_adddup2(&actions, channels->worker_socket, WORKER_FD);
        if (status == 0) /* what a library has left open */
            status = posix_spawn_file_actions_addclosefrom_np(&actions, WORKER_FD + 1);
        if (status == 0)
            status = spawn_with(pid, program, &actions, &attributes);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status == 0 ||
           fail(err, ERROR_IO, "cannot start '%s' as a worker: %s", program, strerror(status));
}

/* When memory runs out, the system shall not choose the server. A wish. */
static void offer_for_memory(pid_t pid)
{
    char path[40];
    snprintf(path, sizeof path, "/proc/%d/oom_score_adj", (int)pid);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    dprintf(fd, "%d", MORE_LIKELY_OUT_OF_MEMORY);
    close(fd);
}

/* ---- its thread ---- */

static void wake_up(struct worker_process *process)
{
    uint64_t one = 1;
    ssize_t n = write(process->wake, &one, sizeof one);
    (void)n; /* full: it is awake already */
}

static void log_line(struct worker_process *process)
{
    struct slice line = { process->line, process->line_length };
    if (line.length)
        LOG(LOG_WARNING, "a worker says", LOG_S("model", process->name), LOG_N("pid", process->pid),
            LOG_T("line", line));
    process->line_length = 0;
}

/* What it wrote to its standard error; false: that is closed. */
static bool read_errors(struct worker_process *process)
{
    char bytes[LINE_BYTES];
    ssize_t n = read(process->errors, bytes, sizeof bytes);
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] != '\n')
            process->line[process->line_length++] = bytes[i];
        if (bytes[i] == '\n' || process->line_length == LINE_BYTES)
            log_line(process);
    }
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void note_closed(struct worker_process *process)
{
    if (process->is_closed)
        return;
    process->is_closed = true;
    process->closed_ns = clock_ns();
}

static void note_heard(struct worker_process *process)
{
    pthread_mutex_lock(&process->lock);
    process->heard_ns = clock_ns();
    pthread_mutex_unlock(&process->lock);
}

static bool is_sentenced(struct worker_process *process)
{
    pthread_mutex_lock(&process->lock);
    bool answer = process->is_sentenced;
    pthread_mutex_unlock(&process->lock);
    return answer;
}

static void read_frames(struct worker_process *process)
{
    static _Thread_local char bytes[READ_BYTES];
    struct error err = { 0 };
    ssize_t n = recv(process->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        note_closed(process);
        return;
    }
    note_heard(process);
    if (!frame_reader_add(&process->reader, (struct slice){ bytes, (size_t)n }, &err)) {
        worker_process_kill(process, "sent bytes that are no message");
        note_closed(process);
        return;
    }
    /* who is to be killed is not heard any more */
    for (struct frame frame; !is_sentenced(process) && frame_reader_next(&process->reader, &frame);)
        process->options.on_frame(process->options.context, &frame);
}

/* Something to send, taken from what waits when all before it was sent. */
static bool has_more_to_send(struct worker_process *process)
{
    if (process->n_sent < process->sending.length)
        return true;
    text_clear(&process->sending);
    process->n_sent = 0;
    pthread_mutex_lock(&process->lock);
    struct text empty = process->sending;
    process->sending = process->waiting;
    process->waiting = empty;
    pthread_mutex_unlock(&process->lock);
    return process->sending.length > 0;
}

static void write_frames(struct worker_process *process)
{
    while (has_more_to_send(process)) {
        ssize_t n = send(process->socket, process->sending.data + process->n_sent,
                         process->sending.length - process->n_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) { /* it is ending: what is said now is lost */
            process->n_sent = process->sending.length;
            return;
        }
        process->n_sent += (size_t)n;
    }
}

/* Kill it when it was silent for too long, was sentenced, or did not end when told. Returns how
 * long nothing of that can happen. */
static uint64_t keep_discipline(struct worker_process *process)
{
    uint64_t calm_ns = UINT64_MAX;
    pthread_mutex_lock(&process->lock);
    uint64_t now = clock_ns(); /* with the lock: `heard_ns` is never later */
    if (process->limit_ns && !process->is_told && !process->is_closed) {
        uint64_t silent_ns = now - process->heard_ns;
        if (silent_ns < process->limit_ns) {
            calm_ns = process->limit_ns - silent_ns;
        } else if (!process->is_sentenced) {
            process->is_sentenced = true;
            snprintf(process->why, sizeof process->why, "made no progress for %.3g s",
                     (double)process->limit_ns / 1e9);
        }
    }
    bool is_told = process->is_told, must_die = process->is_sentenced;
    pthread_mutex_unlock(&process->lock);

    if (is_told && !process->told_ns) {
        process->told_ns = now;
        shutdown(process->socket, SHUT_WR);
    }
    bool is_slow = process->told_ns && now - process->told_ns > patience_ns;
    bool is_late = (process->told_ns && now - process->told_ns > second_ns) ||
                   (process->is_closed && now - process->closed_ns > second_ns);
    if ((must_die || is_late) && !process->got_kill) {
        process->got_kill = true;
        kill(process->pid, SIGKILL);
    } else if (is_slow && !process->got_term) {
        process->got_term = true;
        kill(process->pid, SIGTERM);
    }
    return is_told || must_die ? second_ns / 10 : calm_ns;
}

/* Wait for something to happen, and see to it. */
static void attend(struct worker_process *process, uint64_t most_ns, bool *has_errors)
{
    struct pollfd files[] = {
        { process->wake, POLLIN, 0 },
        { *has_errors ? process->errors : -1, POLLIN, 0 },
        { process->is_closed ? -1 : process->socket, POLLIN, 0 },
        { process->is_closed ? process->end : -1, POLLIN, 0 },
    };
    if (has_more_to_send(process) && !process->told_ns)
        files[2].events |= POLLOUT;
    int most_ms = most_ns >= 3600 * second_ns ? -1 : (int)(most_ns / 1000000 + 1);
    if (poll(files, COUNT_OF(files), most_ms) <= 0)
        return;
    uint64_t count;
    if (files[0].revents && read(process->wake, &count, sizeof count) < 0)
        return;
    if (files[1].revents)
        *has_errors = read_errors(process);
    if (files[2].revents & POLLOUT)
        write_frames(process);
    if (files[2].revents & (POLLIN | POLLHUP | POLLERR))
        read_frames(process);
}

/* "ended with status 1", or the signal by its name and what it often means. */
static void describe_end(const struct worker_process *process, int status, char *out, size_t size)
{
    static const struct {
        int signal;
        const char *hint;
    } hints[] = {
        { SIGKILL, ": perhaps memory ran out" },
        { SIGBUS, ": perhaps the model's file was cut off while it was in use" },
        { SIGSYS, ": a system call it must not make" },
    };
    if (process->why[0] != '\0') {
        snprintf(out, size, "%s", process->why);
    } else if (WIFSIGNALED(status)) {
        const char *name = sigabbrev_np(WTERMSIG(status)), *hint = "";
        for (size_t i = 0; i < COUNT_OF(hints); i++)
            if (hints[i].signal == WTERMSIG(status))
                hint = hints[i].hint;
        snprintf(out, size, "was killed by signal %d (SIG%s)%s", WTERMSIG(status),
                 name ? name : "?", hint);
    } else {
        snprintf(out, size, "ended with status %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    }
}

static void tell_end(struct worker_process *process, int status)
{
    char how[200];
    pthread_mutex_lock(&process->lock);
    struct worker_end end = { process->is_told && !process->why[0], how };
    describe_end(process, status, how, sizeof how);
    pthread_mutex_unlock(&process->lock);
    process->options.on_gone(process->options.context, &end);
}

static void *live(void *argument)
{
    struct worker_process *process = argument;
    bool has_errors = true;
    int status = 0;
    for (;;) {
        uint64_t calm_ns = keep_discipline(process);
        if (process->is_closed) {
            pid_t pid = waitpid(process->pid, &status, WNOHANG);
            if (pid == process->pid || (pid < 0 && errno == ECHILD))
                break;
            calm_ns = process->end < 0 ? look_again_ns : patience_ns;
        }
        attend(process, calm_ns, &has_errors);
    }
    for (struct pollfd file = { process->errors, POLLIN, 0 }; has_errors && poll(&file, 1, 0) > 0;)
        has_errors = read_errors(process);
    log_line(process);
    tell_end(process, status);
    return NULL;
}

/* ---- for its owner ---- */

static void free_process(struct worker_process *process)
{
    if (process->wake >= 0)
        close(process->wake);
    if (process->end >= 0)
        close(process->end);
    frame_reader_release(&process->reader);
    text_release(&process->waiting);
    text_release(&process->sending);
    pthread_mutex_destroy(&process->lock);
    memory_free(process->name);
    memory_free(process);
}

static struct worker_process *new_process(const struct worker_process_options *options,
                                          struct error *err)
{
    struct worker_process *process = memory_zeroed(1, sizeof *process);
    char *name = memory_zeroed(1, strlen(options->name) + 1);
    if (!process || !name) {
        memory_free(process);
        memory_free(name);
        fail_memory(err, sizeof *process, "a worker");
        return NULL;
    }
    process->options = *options;
    process->name = strcpy(name, options->name);
    pthread_mutex_init(&process->lock, NULL);
    text_init(&process->waiting, WAITING_BYTES);
    text_init(&process->sending, WAITING_BYTES);
    frame_reader_init(&process->reader);
    process->end = -1;
    process->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (process->wake >= 0)
        return process;
    fail(err, ERROR_IO, "cannot watch a worker: %s", strerror(errno));
    free_process(process);
    return NULL;
}

/* Start the thread; without it the process is of no use and ends here. */
static bool start_thread(struct worker_process *process, struct error *err)
{
    int status = pthread_create(&process->thread, NULL, live, process);
    if (status == 0)
        return true;
    kill(process->pid, SIGKILL);
    while (waitpid(process->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    return fail(err, ERROR_MEMORY, "cannot start a thread for a worker: %s", strerror(status));
}

bool worker_process_start(struct worker_process **out, const struct worker_process_options *options,
                          struct error *err)
{
    struct channels channels;
    *out = NULL;
    struct worker_process *process = new_process(options, err);
    if (!process)
        return false;
    if (!open_channels(&channels, err)) {
        free_process(process);
        return false;
    }
    process->socket = channels.server_socket;
    process->errors = channels.server_errors;
    bool ok = spawn(&process->pid, options->program, &channels, err);
    if (ok) {
        offer_for_memory(process->pid);
        process->end = (int)syscall(SYS_pidfd_open, process->pid, 0);
    }
    *out = process; /* before a callback can come */
    if (!ok || !start_thread(process, err)) {
        *out = NULL;
        close_channels(&channels);
        free_process(process);
        return false;
    }
    close(channels.worker_socket);
    close(channels.worker_errors);
    return true;
}

bool worker_process_send(struct worker_process *process, const struct frame *frame,
                         struct error *err)
{
    pthread_mutex_lock(&process->lock);
    bool ok = process->is_told || frame_write(&process->waiting, frame, err);
    pthread_mutex_unlock(&process->lock);
    wake_up(process);
    return ok;
}

void worker_process_expect(struct worker_process *process, uint64_t limit_ns)
{
    pthread_mutex_lock(&process->lock);
    process->limit_ns = limit_ns;
    process->heard_ns = clock_ns();
    pthread_mutex_unlock(&process->lock);
    wake_up(process);
}

void worker_process_kill(struct worker_process *process, const char *why)
{
    pthread_mutex_lock(&process->lock);
    if (!process->is_sentenced)
        snprintf(process->why, sizeof process->why, "%s", why);
    process->is_sentenced = true;
    pthread_mutex_unlock(&process->lock);
    wake_up(process);
}

void worker_process_stop(struct worker_process *process)
{
    pthread_mutex_lock(&process->lock);
    process->is_told = true;
    pthread_mutex_unlock(&process->lock);
    wake_up(process);
}

void worker_process_close(struct worker_process **out)
{
    struct worker_process *process = *out;
    *out = NULL;
    if (!process)
        return;
    worker_process_stop(process);
    pthread_join(process->thread, NULL);
    close(process->socket);
    close(process->errors);
    free_process(process);
}

int worker_process_pid(const struct worker_process *process)
{
    return process->pid;
}
