#include "test.h"

#include "base/memory.h"
#include "server/http/response.h"

#include <pthread.h>
#include <stdatomic.h>

static void count(void *context)
{
    atomic_fetch_add((atomic_int *)context, 1);
}

static struct slice text(const char *string)
{
    return slice_of(string);
}

static void check_take(struct response *r, size_t most, const char *wanted, bool wants_end)
{
    char bytes[256];
    bool is_over = false;
    size_t n = response_take(r, bytes, most, &is_over);
    assert_int_equal(n, strlen(wanted));
    assert_memory_equal(bytes, wanted, n);
    assert_int_equal(is_over, wants_end);
}

TEST(response_begins_once_and_keeps_its_headers)
{
    struct response *r = response_new();
    const char *name, *value;
    assert_int_equal(response_status(r), 0);
    response_header(r, "Retry-After", "5");
    response_begin(r, 503, "text/plain");
    response_begin(r, 200, "text/html");
    response_header(r, "Too-Late", "1");
    assert_int_equal(response_status(r), 503);
    assert_string_equal(response_content_type(r), "text/plain");
    assert_true(response_header_at(r, 0, &name, &value));
    assert_string_equal(name, "Retry-After");
    assert_string_equal(value, "5");
    assert_false(response_header_at(r, 1, &name, &value));
    response_drop(&r);
    assert_null(r);
    response_drop(&r);
}

TEST(response_gives_what_was_written_in_pieces_and_then_its_end)
{
    struct response *r = response_new();
    response_begin(r, 200, "text/plain");
    assert_true(response_write(r, text("hello ")));
    check_take(r, 2, "he", false);
    assert_true(response_write(r, text("world")));
    check_take(r, 100, "llo world", false);
    check_take(r, 100, "", false);
    assert_true(response_write(r, text("!")));
    response_end(r);
    assert_false(response_write(r, text("too late")));
    check_take(r, 100, "!", true);
    check_take(r, 100, "", true);
    assert_int_equal(response_length(r), 12);
    response_drop(&r);
}

TEST(response_as_a_whole_is_over_at_once)
{
    struct response *r = response_new();
    response_whole(r, 404, "text/plain", text("nothing here"));
    assert_true(response_is_over(r));
    assert_int_equal(response_length(r), 12);
    check_take(r, 100, "nothing here", true);
    response_drop(&r);
}

TEST(response_wakes_only_who_found_nothing)
{
    struct response *r = response_new();
    atomic_int wakes = 0;
    response_on_wake(r, count, &wakes);
    response_begin(r, 200, "text/plain");
    assert_int_equal(wakes, 0);
    check_take(r, 10, "", false);
    response_write(r, text("a"));
    assert_int_equal(wakes, 1);
    response_write(r, text("b"));
    assert_int_equal(wakes, 1);
    check_take(r, 10, "ab", false);
    check_take(r, 10, "", false);
    response_end(r);
    assert_int_equal(wakes, 2);
    response_drop(&r);
}

TEST(response_wakes_who_waits_for_its_begin)
{
    struct response *r = response_new();
    atomic_int wakes = 0;
    response_on_wake(r, count, &wakes);
    assert_int_equal(response_status(r), 0);
    response_begin(r, 200, NULL);
    assert_int_equal(wakes, 1);
    assert_null(response_content_type(r));
    response_drop(&r);
}

TEST(response_tells_once_that_the_client_has_gone)
{
    struct response *r = response_new();
    atomic_int told = 0, wakes = 0;
    response_on_gone(r, count, &told);
    response_on_wake(r, count, &wakes);
    response_begin(r, 200, "text/plain");
    check_take(r, 10, "", false);
    response_client_gone(r);
    response_client_gone(r);
    assert_int_equal(told, 1);
    assert_int_equal(wakes, 1);
    assert_true(response_is_gone(r));
    assert_false(response_write(r, text("to nobody")));
    check_take(r, 10, "", true);
    response_drop(&r);
}

TEST(response_tells_who_asks_late_and_nobody_after_the_end)
{
    struct response *late = response_new(), *over = response_new();
    atomic_int told = 0;
    response_client_gone(late);
    response_on_gone(late, count, &told);
    assert_int_equal(told, 1);
    response_on_gone(over, count, &told);
    response_whole(over, 200, "text/plain", text("x"));
    response_client_gone(over);
    assert_int_equal(told, 1);
    response_drop(&late);
    response_drop(&over);
}

TEST(response_gives_up_on_a_client_that_does_not_read)
{
    enum { PIECE_BYTES = 1 << 20 };
    static char piece[PIECE_BYTES];
    struct response *r = response_new();
    atomic_int told = 0;
    response_on_gone(r, count, &told);
    response_begin(r, 200, "text/plain");
    size_t n_written = 0;
    while (n_written < 100 && response_write(r, (struct slice){ piece, sizeof piece }))
        n_written++;
    assert_int_equal(n_written, 64);
    assert_int_equal(told, 1);
    assert_true(response_is_gone(r));
    response_drop(&r);
}

TEST(response_counts_a_client_as_gone_when_memory_is_out)
{
    struct response *r = response_new();
    const char *name, *value;
    memory_fail_after(1);
    response_header(r, "Name", "value");
    assert_false(response_header_at(r, 0, &name, &value));
    memory_fail_after(0);
    bool ok = response_write(r, text("text"));
    memory_fail_after(-1);
    assert_false(ok);
    assert_true(response_is_gone(r));
    response_drop(&r);

    memory_fail_after(0);
    r = response_new();
    memory_fail_after(-1);
    assert_null(r);
}

static void drop_held(void *context)
{
    response_on_gone(*(struct response **)context, NULL, NULL);
    response_drop(context);
}

TEST(response_may_be_dropped_by_who_is_told_of_the_end)
{
    struct response *r = response_new(), *held = response_hold(r);
    response_on_gone(r, drop_held, &held);
    response_client_gone(r);
    assert_null(held);
    response_drop(&r);
}

/* ---- threads ---- */

struct reader {
    pthread_mutex_t lock;
    pthread_cond_t woken;
    bool is_woken;
};

static void wake_reader(void *context)
{
    struct reader *reader = context;
    pthread_mutex_lock(&reader->lock);
    reader->is_woken = true;
    pthread_cond_signal(&reader->woken);
    pthread_mutex_unlock(&reader->lock);
}

static void sleep_until_woken(struct reader *reader)
{
    pthread_mutex_lock(&reader->lock);
    while (!reader->is_woken)
        pthread_cond_wait(&reader->woken, &reader->lock);
    reader->is_woken = false;
    pthread_mutex_unlock(&reader->lock);
}

enum { N_PIECES = 20000 };

static void *write_pieces(void *context)
{
    struct response *r = context;
    response_begin(r, 200, "text/plain");
    for (uint32_t i = 0; i < N_PIECES; i++)
        response_write(r, (struct slice){ (const char *)&i, sizeof i });
    response_end(r);
    response_drop(&r);
    return NULL;
}

TEST(response_brings_all_bytes_from_one_thread_to_another)
{
    struct response *r = response_new();
    struct reader reader = { .is_woken = false };
    pthread_mutex_init(&reader.lock, NULL);
    pthread_cond_init(&reader.woken, NULL);
    response_on_wake(r, wake_reader, &reader);
    pthread_t writer;
    pthread_create(&writer, NULL, write_pieces, response_hold(r));
    while (response_status(r) == 0)
        sleep_until_woken(&reader);
    uint32_t next = 0, numbers[64];
    for (bool is_over = false; !is_over;) {
        size_t n = response_take(r, (char *)numbers, sizeof numbers, &is_over);
        for (size_t i = 0; i < n / sizeof *numbers; i++)
            assert_int_equal(numbers[i], next++);
        if (n == 0 && !is_over)
            sleep_until_woken(&reader);
    }
    response_on_wake(r, NULL, NULL);
    assert_int_equal(next, N_PIECES);
    pthread_join(writer, NULL);
    pthread_cond_destroy(&reader.woken);
    pthread_mutex_destroy(&reader.lock);
    response_drop(&r);
}

/* What a task does: it ends, and frees what the one who would be told points to. */
static void *answer_and_free(void *context)
{
    struct response *r = context;
    atomic_int *told = memory_zeroed(1, sizeof *told);
    response_on_gone(r, count, told);
    response_begin(r, 200, "text/plain");
    response_write(r, text("answer"));
    response_on_gone(r, NULL, NULL);
    memory_free(told);
    response_end(r);
    response_drop(&r);
    return NULL;
}

TEST(response_calls_nobody_who_is_no_more)
{
    for (int i = 0; i < 300; i++) {
        struct response *r = response_new();
        pthread_t writer;
        pthread_create(&writer, NULL, answer_and_free, response_hold(r));
        response_client_gone(r);
        pthread_join(writer, NULL);
        assert_false(response_write(r, text("x")));
        response_drop(&r);
    }
}
