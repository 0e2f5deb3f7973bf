#include "http_fixture.h"

#include <sched.h>

/* Answers that come later or piece by piece, and clients that do not wait for their end. */

/* ---- answers that come later ---- */

TEST(http_server_streams_what_another_thread_writes)
{
    start();
    for (int i = 0; i < 20; i++) {
        check("POST /api/stream", "\r\n", "200", "Transfer-Encoding: chunked");
        assert_heard("application/x-ndjson");
        const char *at = heard.data;
        for (int n = 0; n < N_LINES; n++) {
            char line[32];
            snprintf(line, sizeof line, "{\"line\":%d}\n", n);
            at = strstr(at, line);
            assert_non_null(at);
        }
        assert_string_equal(heard.data + heard.length - 5, "0\r\n\r\n");
    }
    stop();
}

TEST(http_server_sends_each_piece_at_once)
{
    struct response *response;
    start();
    int fd = ask_later(&response);
    assert_int_equal(http_server_n_active(server.http), 1);
    pause_ms(20);
    response_begin(response, 200, "text/plain");
    hear_until(fd, "\r\n\r\n");
    for (int i = 0; i < 50; i++) {
        char piece[16];
        snprintf(piece, sizeof piece, "<%d>", i);
        assert_true(response_write(response, slice_of(piece)));
        hear_until(fd, piece);
    }
    response_end(response);
    hear_until(fd, "0\r\n\r\n");
    response_drop(&response);
    close(fd);
    stop();
}

TEST(http_server_sends_a_late_answer_with_its_length)
{
    start();
    int fd = connect_and_say("");
    for (int i = 0; i < 3; i++) {
        assert_true(client_send(fd, "POST /api/later HTTP/1.1\r\n" HOST "\r\n"));
        struct response *response = take_waiting();
        pause_ms(10);
        response_header(response, "X-Own", "1");
        response_whole(response, 503, "application/json", slice_of("{\"error\":\"busy\"}"));
        response_drop(&response);
        hear_until(fd, "{\"error\":\"busy\"}");
        assert_heard("HTTP/1.1 503");
        assert_heard("Content-Length: 16");
        assert_heard("X-Own: 1");
    }
    close(fd);
    stop();
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

TEST(http_server_sees_at_once_that_a_client_goes)
{
    struct response *response;
    start();
    int before = ask_later(&response); /* before anything was answered */
    pause_ms(20);
    close(before);
    assert_true(ms_until(&server.n_gone, 1) < 500);
    assert_false(response_write(response, slice_of("to nobody")));
    response_drop(&response);

    int within = ask_later(&response); /* between two pieces */
    response_begin(response, 200, "text/plain");
    assert_true(response_write(response, slice_of("piece")));
    hear_until(within, "piece");
    pause_ms(20);
    close(within);
    assert_true(ms_until(&server.n_gone, 2) < 500);
    response_drop(&response);

    int killed = ask_later(&response); /* with a reset, as when its process is killed */
    const struct linger at_once = { 1, 0 };
    setsockopt(killed, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(killed);
    assert_true(ms_until(&server.n_gone, 3) < 500);
    response_drop(&response);

    for (int i = 0; i < 500 && http_server_n_active(server.http) > 0; i++)
        pause_ms(1);
    assert_int_equal(http_server_n_active(server.http), 0);
    stop();
}

TEST(http_server_cuts_the_stream_of_who_does_not_read)
{
    start();
    int fd = connect_and_say("POST /api/flood HTTP/1.1\r\n" HOST "\r\n");
    ms_until(&server.n_floods_over, 1);
    check_that_it_lives();
    close(fd);
    stop();
}

/* Clients that go at any moment of many answers: whoever is told late must find nothing freed. */
static void *go_and_come(void *unused)
{
    struct text out;
    text_init(&out, 1 << 20);
    for (unsigned i = 0; i < 150; i++) {
        int fd = client_connect(server.port);
        if (fd < 0)
            continue;
        client_send(fd, "POST /api/stream HTTP/1.1\r\n" HOST "\r\n");
        if (i % 3 == 0)
            pause_ms(i % 7);
        else if (i % 3 == 1)
            client_read_until(fd, &out, "}", 1000);
        close(fd);
        text_clear(&out);
    }
    text_release(&out);
    return unused;
}

TEST(http_server_stands_clients_that_come_and_go)
{
    pthread_t threads[8];
    start();
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, go_and_come, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    check_that_it_lives();
    stop();
    pause_ms(50); /* threads of the last streams */
}

/* ---- the server goes ---- */

TEST(http_server_closes_with_requests_that_run)
{
    struct response *first, *second;
    start();
    int one = ask_later(&first), two = ask_later(&second);
    response_begin(second, 200, "text/plain");
    pause_ms(10);
    stop();
    assert_int_equal(atomic_load(&server.n_gone), 2);
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
        struct response *response;
        pthread_t writer;
        char bytes[4096];
        start();
        int fd = ask_later(&response);
        assert_int_equal(pthread_create(&writer, NULL, write_on_and_on, response), 0);
        for (int n = 0; n < 20; n++)
            assert_true(recv(fd, bytes, sizeof bytes, 0) > 0);
        stop();
        pthread_join(writer, NULL);
        close(fd);
    }
}
