#include "http_fixture.h"

#include <sys/resource.h>
#include <sys/wait.h>

/* Requests as they arrive, good ones and others; what becomes of answers is in test_http_stream.c.
 */

struct exchange {
    const char *line, *rest, *status, *wanted;
};

static void check_all(const struct exchange *rows, size_t n_rows)
{
    start();
    for (size_t i = 0; i < n_rows; i++)
        check(rows[i].line, rows[i].rest, rows[i].status, rows[i].wanted);
    stop();
}

/* ---- plain requests ---- */

TEST(http_server_answers_requests)
{
    static const struct exchange rows[] = {
        { "GET /", "\r\n", "200", "\r\n\r\nhello" },
        { "GET /", "\r\n", "200", "Content-Length: 5" },
        { "GET /", "\r\n", "200", "X-Request-Id: req_" },
        { "GET /", "\r\n", "200", "Server: hearth" },
        { "POST /api/echo",
          "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 7\r\n\r\n{\"a\":1}",
          "200", "\r\n\r\n{\"a\":1}" },
        { "POST /api/echo", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
          "200", "\r\n\r\nabcdefg" },
        { "POST /api/echo", "\r\n", "200", "Content-Length: 0" },
        { "GET /v1/models/a%20b%2Fc?verbose=1", "X-Thing: yes\r\n\r\n", "200",
          "\r\n\r\nGET /v1/models/a b/c 127.0.0.1 yes 1" },
    };
    check_all(rows, COUNT_OF(rows));
}

TEST(http_server_says_what_it_cannot_find)
{
    static const struct exchange rows[] = {
        { "GET /nothing", "\r\n", "404", "\r\n\r\n404 page not found" },
        { "DELETE /api/echo", "\r\n", "405", "method not allowed" },
        { "GET /api/hello/", "\r\n", "301", "Location: /api/hello\r\n" },
        { "POST /api/echo/", "Content-Length: 2\r\n\r\n{}", "307", "Location: /api/echo\r\n" },
        { "POST /nothing", "Content-Length: 2\r\n\r\n{}", "404", "404 page not found" },
        { "GET /api/hello", "Origin: http://evil.com\r\n\r\n", "403",
          "{\"error\":\"pages of this origin" },
        { "OPTIONS /api/chat", "\r\n", "204", "" },
    };
    check_all(rows, COUNT_OF(rows));
    start();
    check_bytes("GET / HTTP/1.1\r\nHost: evil.com\r\nConnection: close\r\n\r\n", "403",
                "none of this machine's");
    stop();
}

TEST(http_server_answers_head_without_a_body)
{
    start();
    check("HEAD /api/hello", "\r\n", "200", "Content-Length: 5\r\n");
    assert_string_equal(heard.data + heard.length - 4, "\r\n\r\n");
    stop();
}

TEST(http_server_answers_several_requests_on_one_connection)
{
    start();
    int fd = connect_and_say("");
    for (int i = 0; i < 3; i++) {
        assert_true(client_send(fd, "GET /api/hello HTTP/1.1\r\n" HOST "\r\n"));
        hear_until(fd, "\r\n\r\nhello");
    }
    /* the next ones before the first is answered, the last one is bad */
    assert_true(client_send(fd, "POST /api/echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\none"
                                "POST /api/echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\ntwo"
                                "GET /nothing HTTP/1.1\r\n" CLOSE "\r\n"));
    hear_to_the_end(fd);
    char *one = strstr(heard.data, "\r\n\r\none"), *two = strstr(heard.data, "\r\n\r\ntwo");
    char *three = strstr(heard.data, "404 page not found");
    assert_true(one && two && three && one < two && two < three);
    stop();
}

TEST(http_server_refuses_requests_when_it_is_stopping)
{
    start();
    atomic_store(&server.service.is_stopping, true);
    check("GET /api/hello", "\r\n", "503", "{\"error\":\"the server is shutting down\"}");
    check_that_it_lives();
    stop();
}

/* ---- limits of requests ---- */

static void check_long_body(const char *head, size_t n_bytes, const char *tail, const char *wanted)
{
    struct text request;
    text_init(&request, 1 << 23);
    assert_true(text_append_string(&request, head));
    for (size_t i = 0; i < n_bytes; i++)
        assert_true(text_append_byte(&request, 'x'));
    assert_true(text_append_string(&request, tail));
    check_bytes(request.data, "413", wanted);
    text_release(&request);
}

TEST(http_server_refuses_long_bodies_with_both_numbers)
{
    start();
    check_long_body("POST /api/echo HTTP/1.1\r\n" CLOSE "Content-Length: 1048577\r\n\r\n",
                    BODY_LIMIT_BYTES + 1, "", "1048577 bytes, the limit is 1048576 bytes");
    /* one that does not say how long it is */
    check_long_body("POST /api/echo HTTP/1.1\r\n" CLOSE
                    "Transfer-Encoding: chunked\r\n\r\n200000\r\n",
                    2 * BODY_LIMIT_BYTES, "\r\n0\r\n\r\n", "or more, the limit is 1048576 bytes");
    /* one that asks first */
    check_long_body("POST /api/echo HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                    "Content-Length: 99999999\r\n\r\n",
                    0, "", "99999999 bytes, the limit is 1048576 bytes");
    check_long_body("POST /api/echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999\r\n\r\n", 0,
                    "", "99999999999999 bytes");
    stop();
}

TEST(http_server_lets_those_go_on_who_ask_first)
{
    start();
    int fd = connect_and_say("POST /api/echo HTTP/1.1\r\n" CLOSE
                             "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
    hear_until(fd, "100 Continue\r\n\r\n");
    assert_true(client_send(fd, "body"));
    hear_until(fd, "\r\n\r\nbody");
    close(fd);
    stop();
}

static const uint64_t second_ns = 1000000000;

TEST(http_server_closes_who_does_not_finish_a_request)
{
    static const char *const halves[] = {
        "",
        "GET / HT",
        "GET / HTTP/1.1\r\n" HOST,
        "POST /api/echo HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nhalf",
        "POST /api/echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    };
    int fds[COUNT_OF(halves)];
    start_with_times(second_ns, second_ns);
    for (size_t i = 0; i < COUNT_OF(halves); i++)
        fds[i] = connect_and_say(halves[i]);
    for (size_t i = 0; i < COUNT_OF(halves); i++)
        hear_to_the_end(fds[i]);
    stop();
}

TEST(http_server_closes_who_sends_byte_after_byte)
{
    bool is_open = true;
    start_with_times(second_ns, second_ns / 2);
    int header = connect_and_say("GET / HTTP/1.1\r\nX-Slow: ");
    int body = connect_and_say("POST /api/echo HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n");
    for (int i = 0; i < 40 && is_open; i++) {
        bool header_is_open = client_send(header, "x");
        bool body_is_open = client_send(body, "x");
        is_open = header_is_open || body_is_open;
        pause_ms(100);
    }
    assert_false(is_open);
    close(header);
    close(body);
    stop();
}

TEST(http_server_refuses_headers_without_end)
{
    struct text request;
    start();
    text_init(&request, 1 << 20);
    assert_true(text_append_string(&request, "GET / HTTP/1.1\r\nX-Long: "));
    for (int i = 0; i < 100000; i++)
        assert_true(text_append_byte(&request, 'x'));
    int fd = client_connect(server.port);
    client_send(fd, request.data);
    client_read_all(fd, &heard, 2000);
    if (heard.length > 0) /* else the reset came first */
        assert_heard("HTTP/1.1 431");
    close(fd);
    text_release(&request);
    check_that_it_lives();
    stop();
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
    char bytes[4096];
    start();
    random_state = 1;
    for (int i = 0; i < 1500; i++) {
        bool waits = i % 8 == 0;
        int fd = client_connect(server.port);
        assert_true(fd >= 0);
        client_send_bytes(fd, bytes, hostile(bytes, sizeof bytes));
        if (i % 2 == 0)
            shutdown(fd, SHUT_WR);
        client_read_all(fd, &heard, waits ? 20 : 0);
        text_clear(&heard);
        close(fd);
    }
    check_that_it_lives();
    stop();
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

static void check_idle(int hear)
{
    char byte = 'f';
    size_t before = memory_resident_bytes();
    assert_int_equal(read(hear, &byte, 1), 1);
    assert_int_equal(byte, 'c');
    uint64_t begin = clock_ns();
    check_that_it_lives();
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
    start(); /* raises the limit */
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    if (files.rlim_cur < N_IDLE + 200) {
        stop();
        SKIP("10,000 idle connections: %llu files may be open, %d are needed",
             (unsigned long long)files.rlim_cur, N_IDLE + 200);
    }
    int to_child[2], to_parent[2];
    assert_int_equal(pipe(to_child) | pipe(to_parent), 0);
    pid_t child = fork();
    if (child == 0) {
        close(to_child[1]);
        hold_connections(server.port, to_parent[1], to_child[0]);
    }
    close(to_parent[1]);
    check_idle(to_parent[0]);
    close(to_child[1]);
    int status = 1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(to_child[0]);
    close(to_parent[0]);
    stop();
}
