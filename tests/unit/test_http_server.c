#include "test.h"

#include "http_client.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "server/http/door.h"
#include "server/http/http_server.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- handlers ---- */

static atomic_int n_gone;
static struct response *waiting; /* held by /later until somebody answers or the client goes */
static pthread_mutex_t waiting_lock = PTHREAD_MUTEX_INITIALIZER;

static void pause_ms(long ms)
{
    const struct timespec time = { ms / 1000, ms % 1000 * 1000000 };
    nanosleep(&time, NULL);
}

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
    (void)service;
    struct text body;
    struct slice header = request->header(request, "x-thing");
    struct slice query = request->query(request, "verbose");
    text_init(&body, 4096);
    bool ok = text_append_slice(&body, request->method) && text_append_byte(&body, ' ') &&
              text_append_slice(&body, request->path) && text_append_byte(&body, ' ') &&
              text_append_slice(&body, request->client) && text_append_byte(&body, ' ') &&
              text_append_slice(&body, header) && text_append_byte(&body, ' ') &&
              text_append_slice(&body, query);
    assert_true(ok);
    response_whole(response, 200, "text/plain", text_slice(&body));
    text_release(&body);
}

static void count_gone(void *context)
{
    (void)context;
    atomic_fetch_add(&n_gone, 1);
}

static void later(struct service *service, const struct http_request *request,
                  struct response *response)
{
    (void)service, (void)request;
    response_on_gone(response, count_gone, NULL);
    pthread_mutex_lock(&waiting_lock);
    response_drop(&waiting);
    waiting = response_hold(response);
    pthread_mutex_unlock(&waiting_lock);
}

static struct response *take_waiting(void)
{
    struct response *found = NULL;
    for (int i = 0; i < 2000 && !found; i++) {
        pthread_mutex_lock(&waiting_lock);
        found = waiting;
        waiting = NULL;
        pthread_mutex_unlock(&waiting_lock);
        if (!found)
            pause_ms(1);
    }
    assert_non_null(found);
    return found;
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
    pthread_t thread;
    (void)service, (void)request;
    assert_int_equal(pthread_create(&thread, NULL, write_lines, response_hold(response)), 0);
    pthread_detach(thread);
}

/* A stream that nobody can read as fast as it comes, and has no end. */
static atomic_int n_floods_over;
static void *write_forever(void *context)
{
    static char piece[1 << 20];
    struct response *response = context;
    response_begin(response, 200, "text/plain");
    while (response_write(response, (struct slice){ piece, sizeof piece }))
        ;
    response_drop(&response);
    atomic_fetch_add(&n_floods_over, 1);
    return NULL;
}

static void flood(struct service *service, const struct http_request *request,
                  struct response *response)
{
    pthread_t thread;
    (void)service, (void)request;
    assert_int_equal(pthread_create(&thread, NULL, write_forever, response_hold(response)), 0);
    pthread_detach(thread);
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

/* ---- a server ---- */

struct fixture {
    struct service service;
    struct door *door;
    struct http_server *server;
    uint16_t port;
};

static const struct http_server_options usual = { .address = "127.0.0.1",
                                                  .body_limit_bytes = 1 << 20,
                                                  .most_connections = 20000,
                                                  .idle_connection_ns = 60000000000,
                                                  .slow_request_ns = 60000000000 };

static void fixture_open(struct fixture *f, const struct http_server_options *options)
{
    struct error err = { 0 };
    const struct log_options log = { .level = LOG_ERROR };
    const struct door_options door = { options->address, "", "" };
    *f = (struct fixture){ .service = { .tables = tables, .n_tables = 1 } };
    assert_ok(log_open(&log, &err), err);
    assert_ok(door_open(&f->door, &door, &err), err);
    assert_ok(http_server_open(&f->server, options, f->door, &f->service, &err), err);
    f->port = http_server_port(f->server);
}

static void fixture_close(struct fixture *f)
{
    http_server_close(&f->server);
    assert_null(f->server);
    door_close(&f->door);
    log_close();
    response_drop(&waiting);
}

static void check_answer(uint16_t port, const char *request, const char *status, const char *wanted)
{
    struct text out;
    text_init(&out, 1 << 24);
    if (!client_ask(port, request, &out))
        fail_msg("no answer to %.40s: '%s'", request, out.data ? out.data : "");
    if (strncmp(out.data, "HTTP/1.1 ", 9) != 0 || strncmp(out.data + 9, status, 3) != 0 ||
        !strstr(out.data, wanted))
        fail_msg("%.40s: not %s '%s' but\n%s", request, status, wanted, out.data);
    text_release(&out);
}

#define CLOSE "Host: localhost\r\nConnection: close\r\n"

/* ---- plain requests ---- */

TEST(http_server_answers_requests)
{
    struct fixture f;
    fixture_open(&f, &usual);
    check_answer(f.port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "\r\n\r\nhello");
    check_answer(f.port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "Content-Length: 5");
    check_answer(f.port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "X-Request-Id: req_");
    check_answer(f.port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "Server: hearth");
    check_answer(f.port,
                 "POST /api/echo HTTP/1.1\r\n" CLOSE
                 "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\n"
                 "{\"a\":1}",
                 "200", "\r\n\r\n{\"a\":1}");
    check_answer(f.port,
                 "POST /api/echo HTTP/1.1\r\n" CLOSE "Transfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
                 "200", "\r\n\r\nabcdefg");
    check_answer(f.port, "POST /api/echo HTTP/1.1\r\n" CLOSE "\r\n", "200", "Content-Length: 0");
    check_answer(f.port,
                 "GET /v1/models/a%20b%2Fc?verbose=1 HTTP/1.1\r\n" CLOSE "X-Thing: yes\r\n\r\n",
                 "200", "\r\n\r\nGET /v1/models/a b/c 127.0.0.1 yes 1");
    fixture_close(&f);
}

TEST(http_server_says_what_it_cannot_find)
{
    struct fixture f;
    fixture_open(&f, &usual);
    check_answer(f.port, "GET /nothing HTTP/1.1\r\n" CLOSE "\r\n", "404",
                 "\r\n\r\n404 page not found");
    check_answer(f.port, "DELETE /api/echo HTTP/1.1\r\n" CLOSE "\r\n", "405", "method not allowed");
    check_answer(f.port, "GET /api/hello/ HTTP/1.1\r\n" CLOSE "\r\n", "301",
                 "Location: /api/hello\r\n");
    check_answer(f.port, "POST /api/echo/ HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n{}", "307",
                 "Location: /api/echo\r\n");
    check_answer(f.port, "POST /nothing HTTP/1.1\r\n" CLOSE "Content-Length: 2\r\n\r\n{}", "404",
                 "404 page not found");
    check_answer(f.port, "GET / HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n", "403",
                 "none of this machine's");
    check_answer(f.port, "GET /api/hello HTTP/1.1\r\n" CLOSE "Origin: http://evil.com\r\n\r\n",
                 "403", "{\"error\":\"pages of this origin");
    check_answer(f.port, "OPTIONS /api/chat HTTP/1.1\r\n" CLOSE "\r\n", "204", "");
    fixture_close(&f);
}

TEST(http_server_answers_head_without_a_body)
{
    struct fixture f;
    struct text out;
    fixture_open(&f, &usual);
    text_init(&out, 4096);
    assert_true(client_ask(f.port, "HEAD /api/hello HTTP/1.1\r\n" CLOSE "\r\n", &out));
    assert_non_null(strstr(out.data, "Content-Length: 5\r\n"));
    assert_string_equal(out.data + out.length - 4, "\r\n\r\n");
    text_release(&out);
    fixture_close(&f);
}

TEST(http_server_answers_several_requests_on_one_connection)
{
    struct fixture f;
    struct text out;
    fixture_open(&f, &usual);
    text_init(&out, 1 << 16);
    int fd = client_connect(f.port);
    for (int i = 0; i < 3; i++) {
        text_clear(&out);
        assert_true(client_send(fd, "GET /api/hello HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        assert_true(client_read_until(fd, &out, "\r\n\r\nhello", 5000));
    }
    /* the next ones before the first is answered, the last one is bad */
    text_clear(&out);
    assert_true(client_send(fd, "POST /api/echo HTTP/1.1\r\nHost: localhost\r\n"
                                "Content-Length: 3\r\n\r\nonePOST /api/echo HTTP/1.1\r\n"
                                "Host: localhost\r\nContent-Length: 3\r\n\r\ntwo"
                                "GET /nothing HTTP/1.1\r\n" CLOSE "\r\n"));
    assert_true(client_read_all(fd, &out, 5000));
    char *one = strstr(out.data, "\r\n\r\none"), *two = strstr(out.data, "\r\n\r\ntwo");
    char *three = strstr(out.data, "404 page not found");
    assert_true(one && two && three && one < two && two < three);
    close(fd);
    text_release(&out);
    fixture_close(&f);
}

/* ---- limits of requests ---- */

TEST(http_server_refuses_long_bodies_with_both_numbers)
{
    enum { LIMIT_BYTES = 1 << 20 };
    struct fixture f;
    struct text request, out;
    fixture_open(&f, &usual);
    text_init(&request, 1 << 23);
    text_init(&out, 1 << 16);
    assert_true(text_printf(&request,
                            "POST /api/echo HTTP/1.1\r\n" CLOSE "Content-Length: %d\r\n\r\n",
                            LIMIT_BYTES + 1));
    for (int i = 0; i <= LIMIT_BYTES; i++)
        assert_true(text_append_byte(&request, 'x'));
    check_answer(f.port, request.data, "413", "1048577 bytes, the limit is 1048576 bytes");

    /* one that does not say how long it is */
    text_clear(&request);
    assert_true(text_append_string(&request, "POST /api/echo HTTP/1.1\r\n" CLOSE
                                             "Transfer-Encoding: chunked\r\n\r\n200000\r\n"));
    for (int i = 0; i < 2 * LIMIT_BYTES; i++)
        assert_true(text_append_byte(&request, 'x'));
    assert_true(text_append_string(&request, "\r\n0\r\n\r\n"));
    check_answer(f.port, request.data, "413", "or more, the limit is 1048576 bytes");

    /* one that asks first */
    check_answer(f.port,
                 "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                 "Content-Length: 99999999\r\n\r\n",
                 "413", "99999999 bytes, the limit is 1048576 bytes");
    check_answer(f.port,
                 "POST /api/echo HTTP/1.1\r\nHost: localhost\r\n"
                 "Content-Length: 99999999999999\r\n\r\n",
                 "413", "99999999999999 bytes");
    text_release(&request);
    text_release(&out);
    fixture_close(&f);
}

TEST(http_server_lets_those_go_on_who_ask_first)
{
    struct fixture f;
    struct text out;
    fixture_open(&f, &usual);
    text_init(&out, 4096);
    int fd = client_connect(f.port);
    assert_true(client_send(fd, "POST /api/echo HTTP/1.1\r\n" CLOSE
                                "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
    assert_true(client_read_until(fd, &out, "100 Continue\r\n\r\n", 5000));
    assert_true(client_send(fd, "body"));
    assert_true(client_read_until(fd, &out, "\r\n\r\nbody", 5000));
    close(fd);
    text_release(&out);
    fixture_close(&f);
}

TEST(http_server_closes_who_does_not_finish_a_request)
{
    static const char *const halves[] = {
        "",
        "GET / HT",
        "GET / HTTP/1.1\r\nHost: localhost\r\n",
        "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf",
        "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    };
    struct http_server_options options = usual;
    struct fixture f;
    struct text out;
    options.idle_connection_ns = 1000000000;
    options.slow_request_ns = 1000000000;
    fixture_open(&f, &options);
    text_init(&out, 4096);
    int fds[COUNT_OF(halves)];
    for (size_t i = 0; i < COUNT_OF(halves); i++) {
        fds[i] = client_connect(f.port);
        assert_true(client_send(fds[i], halves[i]));
    }
    for (size_t i = 0; i < COUNT_OF(halves); i++) {
        if (!client_read_all(fds[i], &out, 4000))
            fail_msg("still open after '%s'", halves[i]);
        close(fds[i]);
    }
    text_release(&out);
    fixture_close(&f);
}

TEST(http_server_closes_who_sends_byte_after_byte)
{
    struct http_server_options options = usual;
    struct fixture f;
    options.idle_connection_ns = 1000000000;
    options.slow_request_ns = 500000000;
    fixture_open(&f, &options);
    int header = client_connect(f.port), body = client_connect(f.port);
    assert_true(client_send(header, "GET / HTTP/1.1\r\nX-Slow: "));
    assert_true(client_send(body, "POST /api/echo HTTP/1.1\r\nHost: localhost\r\n"
                                  "Content-Length: 1000\r\n\r\n"));
    bool is_open = true;
    for (int i = 0; i < 40 && is_open; i++) {
        bool header_is_open = client_send(header, "x");
        bool body_is_open = client_send(body, "x");
        is_open = header_is_open || body_is_open;
        pause_ms(100);
    }
    assert_false(is_open);
    close(header);
    close(body);
    fixture_close(&f);
}

/* ---- answers that come later ---- */

TEST(http_server_streams_what_another_thread_writes)
{
    struct fixture f;
    struct text out;
    fixture_open(&f, &usual);
    text_init(&out, 1 << 20);
    for (int i = 0; i < 20; i++) {
        text_clear(&out);
        assert_true(client_ask(f.port, "POST /api/stream HTTP/1.1\r\n" CLOSE "\r\n", &out));
        assert_non_null(strstr(out.data, "Transfer-Encoding: chunked"));
        assert_non_null(strstr(out.data, "application/x-ndjson"));
        const char *at = out.data;
        char line[32];
        for (int n = 0; n < N_LINES; n++) {
            snprintf(line, sizeof line, "{\"line\":%d}\n", n);
            at = strstr(at, line);
            assert_non_null(at);
        }
        assert_string_equal(out.data + out.length - 5, "0\r\n\r\n");
    }
    fixture_close(&f);
    text_release(&out);
}

TEST(http_server_sends_each_piece_at_once)
{
    struct fixture f;
    struct text out;
    fixture_open(&f, &usual);
    text_init(&out, 1 << 16);
    int fd = client_connect(f.port);
    assert_true(client_send(fd, "POST /api/later HTTP/1.1\r\n" CLOSE "\r\n"));
    struct response *response = take_waiting();
    assert_int_equal(http_server_n_active(f.server), 1);
    pause_ms(20);
    response_begin(response, 200, "text/plain");
    assert_true(client_read_until(fd, &out, "\r\n\r\n", 2000));
    for (int i = 0; i < 50; i++) {
        char piece[16];
        snprintf(piece, sizeof piece, "<%d>", i);
        assert_true(response_write(response, slice_of(piece)));
        assert_true(client_read_until(fd, &out, piece, 2000));
    }
    response_end(response);
    assert_true(client_read_all(fd, &out, 2000));
    response_drop(&response);
    close(fd);
    text_release(&out);
    fixture_close(&f);
}

TEST(http_server_sends_a_late_answer_with_its_length)
{
    struct fixture f;
    struct text out;
    fixture_open(&f, &usual);
    text_init(&out, 1 << 16);
    int fd = client_connect(f.port);
    for (int i = 0; i < 3; i++) {
        text_clear(&out);
        assert_true(client_send(fd, "POST /api/later HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        struct response *response = take_waiting();
        pause_ms(10);
        response_header(response, "X-Own", "1");
        response_whole(response, 503, "application/json", slice_of("{\"error\":\"busy\"}"));
        response_drop(&response);
        assert_true(client_read_until(fd, &out, "{\"error\":\"busy\"}", 2000));
        assert_non_null(strstr(out.data, "HTTP/1.1 503"));
        assert_non_null(strstr(out.data, "Content-Length: 16"));
        assert_non_null(strstr(out.data, "X-Own: 1"));
    }
    close(fd);
    text_release(&out);
    fixture_close(&f);
}

/* ---- clients that go ---- */

static uint64_t ms_until(atomic_int *value, int wanted)
{
    uint64_t begin = clock_ns();
    while (atomic_load(value) < wanted && clock_ns() - begin < 3000000000)
        pause_ms(1);
    assert_int_equal(atomic_load(value), wanted);
    return (clock_ns() - begin) / 1000000;
}

static int ask_later(struct fixture *f)
{
    int fd = client_connect(f->port);
    assert_true(client_send(fd, "POST /api/later HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    return fd;
}

TEST(http_server_sees_at_once_that_a_client_goes)
{
    struct fixture f;
    fixture_open(&f, &usual);
    atomic_store(&n_gone, 0);

    int before = ask_later(&f); /* before anything was answered */
    struct response *response = take_waiting();
    pause_ms(20);
    close(before);
    assert_true(ms_until(&n_gone, 1) < 500);
    assert_false(response_write(response, slice_of("to nobody")));
    response_drop(&response);

    int within = ask_later(&f); /* between two pieces */
    struct text out;
    text_init(&out, 4096);
    response = take_waiting();
    response_begin(response, 200, "text/plain");
    assert_true(response_write(response, slice_of("piece")));
    assert_true(client_read_until(within, &out, "piece", 2000));
    pause_ms(20);
    close(within);
    assert_true(ms_until(&n_gone, 2) < 500);
    response_drop(&response);

    int killed = ask_later(&f); /* with a reset, as when its process is killed */
    const struct linger at_once = { 1, 0 };
    response = take_waiting();
    setsockopt(killed, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(killed);
    assert_true(ms_until(&n_gone, 3) < 500);
    response_drop(&response);

    for (int i = 0; i < 500 && http_server_n_active(f.server) > 0; i++)
        pause_ms(1);
    assert_int_equal(http_server_n_active(f.server), 0);
    text_release(&out);
    fixture_close(&f);
}

TEST(http_server_cuts_the_stream_of_who_does_not_read)
{
    struct fixture f;
    fixture_open(&f, &usual);
    atomic_store(&n_floods_over, 0);
    int fd = client_connect(f.port);
    assert_true(client_send(fd, "POST /api/flood HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    ms_until(&n_floods_over, 1);
    check_answer(f.port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "hello");
    close(fd);
    fixture_close(&f);
}

TEST(http_server_closes_with_requests_that_run)
{
    struct fixture f;
    fixture_open(&f, &usual);
    atomic_store(&n_gone, 0);
    int one = ask_later(&f);
    struct response *first = take_waiting();
    int two = ask_later(&f);
    struct response *second = take_waiting();
    response_begin(second, 200, "text/plain");
    pause_ms(10);
    fixture_close(&f);
    assert_int_equal(atomic_load(&n_gone), 2);
    response_drop(&first);
    response_drop(&second);
    close(one);
    close(two);
}

/* A stream that is read waits for its next piece, or does not, at any moment. */
static void *write_on_and_on(void *context)
{
    struct response *response = context;
    response_begin(response, 200, "text/plain");
    while (response_write(response, slice_of("on and ")))
        sched_yield();
    response_drop(&response);
    return NULL;
}

TEST(http_server_closes_in_the_middle_of_a_stream)
{
    for (int i = 0; i < 100; i++) {
        struct fixture f;
        pthread_t writer;
        char bytes[4096];
        fixture_open(&f, &usual);
        int fd = ask_later(&f);
        assert_int_equal(pthread_create(&writer, NULL, write_on_and_on, take_waiting()), 0);
        for (int n = 0; n < 20; n++)
            assert_true(recv(fd, bytes, sizeof bytes, 0) > 0);
        fixture_close(&f);
        pthread_join(writer, NULL);
        close(fd);
    }
}

/* Clients that go at any moment of many answers: whoever is told late must find nothing freed. */
static void *go_and_come(void *context)
{
    const struct fixture *f = context;
    struct text out;
    text_init(&out, 1 << 20);
    for (unsigned i = 0; i < 150; i++) {
        int fd = client_connect(f->port);
        if (fd < 0)
            continue;
        client_send(fd, "POST /api/stream HTTP/1.1\r\nHost: localhost\r\n\r\n");
        if (i % 3 == 0)
            pause_ms(i % 7);
        else if (i % 3 == 1)
            client_read_until(fd, &out, "}", 1000);
        close(fd);
        text_clear(&out);
    }
    text_release(&out);
    return NULL;
}

TEST(http_server_stands_clients_that_come_and_go)
{
    struct fixture f;
    pthread_t threads[8];
    fixture_open(&f, &usual);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, go_and_come, &f), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    check_answer(f.port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "hello");
    fixture_close(&f);
    pause_ms(50); /* threads of the last streams */
}

TEST(http_server_refuses_requests_when_it_is_stopping)
{
    struct fixture f;
    fixture_open(&f, &usual);
    atomic_store(&f.service.is_stopping, true);
    check_answer(f.port, "GET /api/hello HTTP/1.1\r\n" CLOSE "\r\n", "503",
                 "{\"error\":\"the server is shutting down\"}");
    check_answer(f.port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "hello");
    fixture_close(&f);
}

/* ---- hostile bytes ---- */

static uint32_t random_state = 1;
static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)(random_state >> 8) * n >> 24);
}

static const char *const seeds[] = {
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "POST /api/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
    "POST /api/echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    "POST /api/echo HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST /api/echo HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    "POST /api/echo HTTP/1.1\r\nContent-Length: 18446744073709551616\r\n\r\n",
    "POST /api/echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    "POST /api/stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nOrigin: null\r\n\r\n",
    "GET //////%00%ff%zz?a=%&&==;b HTTP/1.1\r\nHost:\r\nHost: x\r\n : \r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "\r\n\r\n\r\nGET / HTTP/9.9\r\n\r\n",
    "GET /v1/models/../../etc/passwd HTTP/1.1\r\nHost: localhost\r\n continued\r\n\r\n",
};

static size_t hostile(char *out, size_t room)
{
    const char *seed = seeds[random_below(COUNT_OF(seeds))];
    size_t length = size_min(strlen(seed), room);
    memcpy(out, seed, length);
    for (uint32_t n = random_below(6); n > 0; n--) {
        size_t at = random_below((uint32_t)length),
               end = at + random_below((uint32_t)(length - at));
        switch (random_below(4)) {
        case 0:
            out[at] = (char)random_below(256);
            break;
        case 1:
            memmove(out + at, out + end, length - end);
            length -= end - at;
            break;
        case 2:
            end = at + size_min(end - at, room - length);
            memmove(out + end, out + at, length - at);
            length += end - at;
            break;
        default:
            out[at] = "\r\n\0 :%;,/?"[random_below(10)];
        }
        if (length == 0)
            return 0;
    }
    return length;
}

TEST(http_server_survives_hostile_bytes)
{
    struct fixture f;
    struct text out;
    char bytes[4096];
    fixture_open(&f, &usual);
    text_init(&out, 1 << 20);
    random_state = 1;
    for (int i = 0; i < 1500; i++) {
        bool waits = i % 8 == 0;
        int fd = client_connect(f.port);
        assert_true(fd >= 0);
        client_send_bytes(fd, bytes, hostile(bytes, sizeof bytes));
        if (i % 2 == 0)
            shutdown(fd, SHUT_WR);
        client_read_all(fd, &out, waits ? 20 : 0);
        text_clear(&out);
        close(fd);
    }
    check_answer(f.port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "hello");
    text_release(&out);
    fixture_close(&f);
}

TEST(http_server_refuses_headers_without_end)
{
    struct fixture f;
    struct text request, out;
    fixture_open(&f, &usual);
    text_init(&request, 1 << 20);
    text_init(&out, 1 << 16);
    assert_true(text_append_string(&request, "GET / HTTP/1.1\r\nX-Long: "));
    for (int i = 0; i < 100000; i++)
        assert_true(text_append_byte(&request, 'x'));
    int fd = client_connect(f.port);
    client_send(fd, request.data);
    client_read_all(fd, &out, 2000);
    if (out.length > 0) /* else the reset came first */
        assert_non_null(strstr(out.data, "HTTP/1.1 431"));
    close(fd);
    text_release(&request);
    text_release(&out);
    check_answer(f.port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "hello");
    fixture_close(&f);
}

/* ---- many ---- */

enum { N_IDLE = 10000 };

/* What one may take of this process; a sanitizer's shadow is counted as well. */
#ifdef __SANITIZE_THREAD__
enum { MOST_IDLE_BYTES = 1 << 20 };
#else
enum { MOST_IDLE_BYTES = 32 << 10 };
#endif

/* In a process of its own, since both ends together would be too many files for one. */
static void hold_connections(uint16_t port, int say, int hear)
{
    char byte = 'c';
    for (int i = 0; i < N_IDLE && byte == 'c'; i++)
        byte = client_connect(port) >= 0 ? 'c' : 'f';
    if (write(say, &byte, 1) == 1 && read(hear, &byte, 1) == 0)
        _exit(0);
    _exit(1);
}

static void check_idle(struct fixture *f, int hear)
{
    char byte = 'f';
    size_t before = memory_resident_bytes();
    assert_int_equal(read(hear, &byte, 1), 1);
    assert_int_equal(byte, 'c');
    uint64_t begin = clock_ns();
    check_answer(f->port, "GET / HTTP/1.1\r\n" CLOSE "\r\n", "200", "hello");
    uint64_t took_us = (clock_ns() - begin) / 1000;
    size_t each = (memory_resident_bytes() - before) / N_IDLE;
    printf("%d idle connections: %zu bytes each, a request takes %" PRIu64 " us\n", N_IDLE, each,
           took_us);
    assert_true(took_us < 2000000);
    assert_true(each < MOST_IDLE_BYTES);
}

TEST(http_server_answers_beside_ten_thousand_idle_connections)
{
    struct rlimit files;
    struct fixture f;
    fixture_open(&f, &usual); /* raises the limit */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < N_IDLE + 200) {
        fixture_close(&f);
        SKIP("10,000 idle connections: %llu files may be open, %d are needed",
             (unsigned long long)files.rlim_cur, N_IDLE + 200);
    }
    int to_child[2], to_parent[2];
    assert_int_equal(pipe(to_child) | pipe(to_parent), 0);
    pid_t child = fork();
    if (child == 0) {
        close(to_child[1]);
        hold_connections(f.port, to_parent[1], to_child[0]);
    }
    close(to_parent[1]);
    check_idle(&f, to_parent[0]);
    close(to_child[1]);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(to_child[0]);
    close(to_parent[0]);
    fixture_close(&f);
}
