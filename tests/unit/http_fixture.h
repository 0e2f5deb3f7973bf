/* http_fixture.h: an HTTP server with a few routes, and clients that look closely at it.
 *
 * Owns one server at a time, what its handlers hold, and the bytes that clients heard last. One
 * test program includes it once. */
#ifndef HTTP_FIXTURE_H
#define HTTP_FIXTURE_H

#include "test.h"

#include "http_client.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/http/door.h"
#include "server/http/http_server.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct {
    struct service service;
    struct door *door;
    struct http_server *http;
    uint16_t port;
    atomic_int n_gone;        /* clients that went before /later was answered */
    atomic_int n_floods_over; /* of /flood */
    pthread_mutex_t lock;
    struct response *waiting; /* of /later, until somebody answers it; guarded by lock */
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct text heard; /* by the client that listened last */

static void pause_ms(long ms)
{
    const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

/* ---- handlers ---- */

static void hello(struct service *service, const struct http_request *request,
                  struct response *response)
{
    (void)service, (void)request;
    response_whole(response, 200, "text/plain", slice_of("hello"));
}

static void echo(struct service *service, const struct http_request *request,
                 struct response *response)
{
    (void)service;
    response_whole(response, 200, "application/octet-stream", request->body);
}

/* What handlers see of a request. */
static void describe(struct service *service, const struct http_request *request,
                     struct response *response)
{
    struct slice seen[] = { request->method, request->path, request->client,
                            request->header(request, "x-thing"),
                            request->query(request, "verbose") };
    struct text body;
    (void)service;
    text_init(&body, 4096);
    for (size_t i = 0; i < COUNT_OF(seen); i++)
        assert_true((i == 0 || text_append_byte(&body, ' ')) && text_append_slice(&body, seen[i]));
    response_whole(response, 200, "text/plain", text_slice(&body));
    text_release(&body);
}

static void count_gone(void *context)
{
    (void)context;
    atomic_fetch_add(&server.n_gone, 1);
}

static void later(struct service *service, const struct http_request *request,
                  struct response *response)
{
    (void)service, (void)request;
    response_on_gone(response, count_gone, NULL);
    pthread_mutex_lock(&server.lock);
    response_drop(&server.waiting);
    server.waiting = response_hold(response);
    pthread_mutex_unlock(&server.lock);
}

static void write_in_thread(struct response *response, void *(*write)(void *response))
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, write, response_hold(response)), 0);
    pthread_detach(thread);
}

enum { N_LINES = 200 };

static void *write_lines(void *context)
{
    struct response *response = context;
    char line[32];
    response_begin(response, 200, "application/x-ndjson");
    for (int i = 0; i < N_LINES; i++) {
        snprintf(line, sizeof line, "{\"line\":%d}\n", i);
        if (!response_write(response, slice_of(line)))
            break;
        if (i % 50 == 0)
            pause_ms(2);
    }
    response_end(response);
    response_drop(&response);
    return NULL;
}

static void stream(struct service *service, const struct http_request *request,
                   struct response *response)
{
    (void)service, (void)request;
    write_in_thread(response, write_lines);
}

/* A stream that nobody can read as fast as it comes, and has no end. */
static void *write_forever(void *context)
{
    static char piece[1 << 20];
    struct response *response = context;
    response_begin(response, 200, "text/plain");
    while (response_write(response, (struct slice){ piece, sizeof piece }))
        ;
    response_drop(&response);
    atomic_fetch_add(&server.n_floods_over, 1);
    return NULL;
}

static void flood(struct service *service, const struct http_request *request,
                  struct response *response)
{
    (void)service, (void)request;
    write_in_thread(response, write_forever);
}

static const struct route routes[] = {
    { "GET", "/", DIALECT_PLAIN, true, hello },
    { "GET", "/api/hello", DIALECT_OLLAMA, false, hello },
    { "POST", "/api/echo", DIALECT_OLLAMA, false, echo },
    { "GET", "/v1/models/{name}", DIALECT_OPENAI, false, describe },
    { "POST", "/api/later", DIALECT_OLLAMA, false, later },
    { "POST", "/api/stream", DIALECT_OLLAMA, false, stream },
    { "POST", "/api/flood", DIALECT_OLLAMA, false, flood },
    { NULL, NULL, DIALECT_PLAIN, false, NULL },
};
static const struct route *const tables[] = { routes };

/* ---- the server ---- */

enum { BODY_LIMIT_BYTES = 1 << 20 };

static void start_with_times(uint64_t idle_connection_ns, uint64_t slow_request_ns)
{
    struct error err = { 0 };
    const struct http_server_options options = { .address = "127.0.0.1",
                                                 .body_limit_bytes = BODY_LIMIT_BYTES,
                                                 .most_connections = 20000,
                                                 .idle_connection_ns = idle_connection_ns,
                                                 .slow_request_ns = slow_request_ns };
    const struct log_options log = { .level = LOG_ERROR };
    const struct door_options door = { options.address, "", "" };
    server.service = (struct service){ .tables = tables, .n_tables = 1 };
    atomic_store(&server.n_gone, 0);
    atomic_store(&server.n_floods_over, 0);
    text_init(&heard, 1 << 24);
    assert_ok(log_open(&log, &err), err);
    assert_ok(door_open(&server.door, &door, &err), err);
    assert_ok(http_server_open(&server.http, &options, server.door, &server.service, &err), err);
    server.port = http_server_port(server.http);
}

static void start(void)
{
    start_with_times(60000000000, 60000000000);
}

static void stop(void)
{
    http_server_close(&server.http);
    assert_null(server.http);
    door_close(&server.door);
    log_close();
    response_drop(&server.waiting);
    text_release(&heard);
}

/* ---- clients ---- */

#define HOST  "Host: localhost\r\n"
#define CLOSE HOST "Connection: close\r\n"

static int connect_and_say(const char *bytes)
{
    int fd = client_connect(server.port);
    assert_true(fd >= 0);
    assert_true(client_send(fd, bytes));
    return fd;
}

/* What is heard begins anew. */
static inline void hear_until(int fd, const char *end)
{
    text_clear(&heard);
    if (!client_read_until(fd, &heard, end, 5000))
        fail_msg("'%s' does not come, but '%s'", end, heard.data ? heard.data : "");
}

static inline void hear_to_the_end(int fd)
{
    text_clear(&heard);
    if (!client_read_all(fd, &heard, 5000))
        fail_msg("the connection is still open after '%s'", heard.data ? heard.data : "");
    close(fd);
}

static void assert_heard(const char *wanted)
{
    if (!heard.data || !strstr(heard.data, wanted))
        fail_msg("not '%s' but\n%s", wanted, heard.data ? heard.data : "");
}

/* A request as it is, on a connection of its own. */
static void check_bytes(const char *request, const char *status, const char *wanted)
{
    char first[20];
    text_clear(&heard);
    if (!client_ask(server.port, request, &heard))
        fail_msg("no answer to %.40s: '%s'", request, heard.data ? heard.data : "");
    snprintf(first, sizeof first, "HTTP/1.1 %s", status);
    if (strncmp(heard.data, first, strlen(first)) != 0)
        fail_msg("%.40s: not %s but\n%s", request, status, heard.data);
    assert_heard(wanted);
}

/* "GET /path", and what follows the host: headers, an empty line, a body. */
static void check(const char *line, const char *rest, const char *status, const char *wanted)
{
    char request[4096];
    snprintf(request, sizeof request, "%s HTTP/1.1\r\n" CLOSE "%s", line, rest);
    check_bytes(request, status, wanted);
}

static void check_that_it_lives(void)
{
    check("GET /", "\r\n", "200", "\r\n\r\nhello");
}

/* ---- /later ---- */

static inline struct response *take_waiting(void)
{
    struct response *found = NULL;
    for (int i = 0; i < 5000 && !found; i++) {
        pthread_mutex_lock(&server.lock);
        found = server.waiting;
        server.waiting = NULL;
        pthread_mutex_unlock(&server.lock);
        if (!found)
            pause_ms(1);
    }
    assert_non_null(found);
    return found;
}

/* A client that waits, and the answer that it waits for. */
static inline int ask_later(struct response **response)
{
    int fd = connect_and_say("POST /api/later HTTP/1.1\r\n" HOST "\r\n");
    *response = take_waiting();
    return fd;
}

#endif
