#include "test.h"

#include "base/thread_pool.h"

#include <time.h>
#include <unistd.h>

enum { ROUNDS = 2000, ITEMS = 1000 };

struct shared {
    struct thread_pool *pool;
    int counts[ITEMS];
    int before[64], sum;
};

static void take_all(void *context, size_t thread, size_t n_threads)
{
    (void)thread, (void)n_threads;
    struct shared *s = context;
    size_t begin, end;
    for (int phase = 0; phase < 3; phase++) {
        while (thread_pool_take(s->pool, ITEMS, 7, &begin, &end))
            for (size_t i = begin; i < end; i++)
                s->counts[i]++;
        thread_pool_barrier(s->pool);
    }
}

TEST(thread_pool_hands_every_item_out_once_a_phase)
{
    struct shared s = { 0 };
    struct error err = { 0 };
    assert_ok(thread_pool_open(&s.pool, 0, &err), err);
    for (int round = 0; round < 100; round++)
        thread_pool_run(s.pool, take_all, &s);
    for (size_t i = 0; i < ITEMS; i++)
        assert_int_equal(s.counts[i], 300);
    thread_pool_close(&s.pool);
    assert_null(s.pool);
}

static void take_all_shrinking(void *context, size_t thread, size_t n_threads)
{
    (void)thread, (void)n_threads;
    struct shared *s = context;
    size_t begin, end;
    while (thread_pool_take_shrinking(s->pool, ITEMS - 1, 4, &begin, &end)) {
        assert_true(begin % 4 == 0 && begin < end);
        for (size_t i = begin; i < end; i++)
            s->counts[i]++;
    }
}

TEST(thread_pool_hands_every_item_out_once_in_shrinking_portions)
{
    struct shared s = { 0 };
    struct error err = { 0 };
    assert_ok(thread_pool_open(&s.pool, 0, &err), err);
    for (int round = 0; round < 100; round++) {
        thread_pool_run(s.pool, take_all_shrinking, &s);
        thread_pool_run_alone(s.pool, take_all_shrinking, &s);
    }
    for (size_t i = 0; i + 1 < ITEMS; i++)
        assert_int_equal(s.counts[i], 200);
    assert_int_equal(s.counts[ITEMS - 1], 0);
    thread_pool_close(&s.pool);
}

TEST(thread_pool_runs_alone_when_asked)
{
    struct shared s = { 0 };
    struct error err = { 0 };
    assert_ok(thread_pool_open(&s.pool, 0, &err), err);
    for (int round = 0; round < 10; round++) {
        thread_pool_run_alone(s.pool, take_all, &s);
        thread_pool_run(s.pool, take_all, &s);
    }
    for (size_t i = 0; i < ITEMS; i++)
        assert_int_equal(s.counts[i], 60);
    thread_pool_close(&s.pool);
}

static void meet(void *context, size_t thread, size_t n_threads)
{
    struct shared *s = context;
    s->before[thread]++;
    thread_pool_barrier(s->pool);
    if (thread == 0)
        for (size_t i = 0; i < n_threads; i++)
            s->sum += s->before[i];
    thread_pool_barrier(s->pool);
}

TEST(thread_pool_barriers_make_writes_visible)
{
    struct shared s = { 0 };
    struct error err = { 0 };
    assert_ok(thread_pool_open(&s.pool, 2, &err), err);
    int n = (int)thread_pool_size(s.pool);
    for (int round = 0; round < ROUNDS; round++)
        thread_pool_run(s.pool, meet, &s);
    assert_int_equal(s.sum, n * ROUNDS * (ROUNDS + 1) / 2);
    thread_pool_close(&s.pool);
}

static double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

TEST(thread_pool_threads_sleep_when_there_is_nothing_to_do)
{
    struct shared s = { 0 };
    struct error err = { 0 };
    assert_ok(thread_pool_open(&s.pool, 0, &err), err);
    thread_pool_run(s.pool, take_all, &s);
    usleep(20000); /* what spinning there is ends */
    double before = processor_seconds();
    usleep(300000);
    double used = processor_seconds() - before;
    if (used > 0.03)
        fail_msg("%.3f seconds of processor time in 0.3 seconds of nothing", used);
    thread_pool_close(&s.pool);
}

TEST(thread_pool_never_has_more_threads_than_processors)
{
    struct thread_pool *pool;
    struct error err = { 0 };
    assert_ok(thread_pool_open(&pool, 10000, &err), err);
    assert_int_equal(thread_pool_size(pool), cpu_count_available());
    thread_pool_close(&pool);
}
