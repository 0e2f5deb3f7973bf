#include "cli/client/private_server.h"

#include "base/memory.h"
#include "cli/private_end.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SERVER_FD = 3,      /* the socket in the server */
    FIRST_FREE_FD = 10, /* this process's own lie above what the server's become */
    PATIENCE_MS = 2000, /* for its end */
    PATH_BYTES = 4096,
};

struct private_server {
    int fd; /* open as long as the server is wanted */
    pid_t pid;
    uint16_t port;
    char key[PRIVATE_KEY_BYTES];
};

/* ---- start ---- */

struct command_line {
    char fd[12], n_threads[12];
    char *arguments[12]; /* NULL behind the last */
};

static void write_command(struct command_line *line, const struct private_server_options *options)
{
    size_t n = 0;
    snprintf(line->fd, sizeof line->fd, "%d", SERVER_FD);
    snprintf(line->n_threads, sizeof line->n_threads, "%u", options->n_threads);
    line->arguments[n++] = "hearth";
    line->arguments[n++] = "serve";
    line->arguments[n++] = "--private-fd";
    line->arguments[n++] = line->fd;
    if (options->n_threads) {
        line->arguments[n++] = "--threads";
        line->arguments[n++] = line->n_threads;
    }
    if (options->kv_type) {
        line->arguments[n++] = "--kv-cache-type";
        line->arguments[n++] = (char *)options->kv_type;
    }
    if (options->path)
        line->arguments[n++] = (char *)options->path;
    line->arguments[n] = NULL;
}

/* A session of its own, which keys in this terminal do not reach; default signals, none blocked. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &all);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSID);
}

/* The log is the settings' file or nowhere: never between the lines of a conversation. */
static int set_files(posix_spawn_file_actions_t *actions, int socket)
{
    int status = 0;
    for (int fd = 0; status == 0 && fd < SERVER_FD; fd++)
        status = posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_RDWR, 0);
    if (status == 0)
        status = posix_spawn_file_actions_adddup2(actions, socket, SERVER_FD);
    if (status == 0) /* what a library has left open */
        status = posix_spawn_file_actions_addclosefrom_np(actions, SERVER_FD + 1);
    return status;
}

static int spawn(pid_t *pid, int socket, const struct private_server_options *options)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    struct command_line line;
    char program[PATH_BYTES];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0)
        return errno;
    program[length] = '\0';
    write_command(&line, options);
    int status = posix_spawn_file_actions_init(&actions);
    if (status != 0)
        return status;
    status = posix_spawnattr_init(&attributes);
    if (status == 0) {
        status = set_attributes(&attributes);
        if (status == 0)
            status = set_files(&actions, socket);
        if (status == 0)
            status = posix_spawn(pid, program, &actions, &attributes, line.arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    return status;
}

/* Both ends above the numbers that the server's files get. */
static bool open_sockets(int ends[2], struct error *err)
{
    int pair[2];
    ends[0] = ends[1] = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return fail(err, ERROR_IO, "cannot make a socket for a server: %s", strerror(errno));
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(pair[i], F_DUPFD_CLOEXEC, FIRST_FREE_FD);
        close(pair[i]);
    }
    if (ends[0] >= 0 && ends[1] >= 0)
        return true;
    fail(err, ERROR_IO, "cannot make a socket for a server: no numbers of files are left");
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    return false;
}

static bool start(struct private_server *server, const struct private_server_options *options,
                  struct error *err)
{
    int ends[2];
    if (!open_sockets(ends, err))
        return false;
    server->fd = ends[0];
    int status = spawn(&server->pid, ends[1], options);
    close(ends[1]);
    if (status == 0)
        return true;
    server->pid = 0;
    return fail(err, ERROR_IO, "cannot start a server: %s", strerror(status));
}

/* ---- what it tells ---- */

/* All that it says until a line is whole or it is gone, as a string. */
static void read_line(int fd, char line[PRIVATE_LINE_BYTES])
{
    size_t length = 0;
    while (length + 1 < PRIVATE_LINE_BYTES && (length == 0 || line[length - 1] != '\n')) {
        ssize_t n = read(fd, line + length, PRIVATE_LINE_BYTES - 1 - length);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        length += n > 0 ? (size_t)n : 0;
    }
    line[length] = '\0';
}

static bool take_port(struct private_server *server, const char *line)
{
    unsigned port;
    int end = 0;
    if (sscanf(line, "%5u %32[0-9a-f]%n", &port, server->key, &end) != 2 || line[end] != '\n')
        return false;
    server->port = (uint16_t)port;
    return port > 0 && port <= UINT16_MAX && strlen(server->key) == PRIVATE_KEY_BYTES - 1;
}

static bool fail_at_end(struct private_server *server, struct error *err)
{
    int status = 0;
    kill(server->pid, SIGKILL); /* nothing that could be understood was said */
    while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    server->pid = 0;
    if (WIFSIGNALED(status))
        return fail(err, ERROR_IO, "a server could not start: it was killed by signal %d (%s)",
                    WTERMSIG(status), strsignal(WTERMSIG(status)));
    return fail(err, ERROR_IO, "a server could not start: it ended with status %d",
                WEXITSTATUS(status));
}

static bool listen_to(struct private_server *server, struct error *err)
{
    static const char error[] = "Error: ";
    char line[PRIVATE_LINE_BYTES];
    read_line(server->fd, line);
    if (take_port(server, line))
        return true;
    size_t length = strlen(line), n = strlen(error);
    if (strncmp(line, error, n) != 0 || length == n)
        return fail_at_end(server, err);
    return fail(err, ERROR_USAGE, "%.*s", (int)(length - n - (line[length - 1] == '\n')), line + n);
}

/* ---- for its owner ---- */

bool private_server_open(struct private_server **out, const struct private_server_options *options,
                         struct error *err)
{
    struct private_server *server = memory_zeroed(1, sizeof *server);
    *out = NULL;
    if (!server)
        return fail_memory(err, sizeof *server, "a server");
    server->fd = -1;
    /* this process and the server's load their libraries side by side */
    if (!start(server, options, err) || !server_client_prepare(err) || !listen_to(server, err)) {
        private_server_close(&server);
        return false;
    }
    *out = server;
    return true;
}

bool private_server_link(const struct private_server *server, struct server_client **out,
                         struct error *err)
{
    char url[40];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", server->port);
    return server_client_open(out, url, server->key, err);
}

/* Its end of the socket closes when it ends, whoever waits for that; false: it does not end. */
static bool wait_for_end(int fd)
{
    struct pollfd file = { fd, POLLIN, 0 };
    char rest[PRIVATE_LINE_BYTES];
    ssize_t n = 1;
    while (n > 0) {
        int n_ready = poll(&file, 1, PATIENCE_MS);
        if (n_ready == 0)
            return false;
        n = n_ready > 0 ? read(fd, rest, sizeof rest) : errno == EINTR;
    }
    return true;
}

void private_server_close(struct private_server **server)
{
    struct private_server *own = *server;
    *server = NULL;
    if (!own)
        return;
    if (own->pid > 0) {
        shutdown(own->fd, SHUT_WR);
        if (!wait_for_end(own->fd))
            kill(own->pid, SIGKILL);
        while (waitpid(own->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    if (own->fd >= 0)
        close(own->fd);
    memory_free(own);
}
