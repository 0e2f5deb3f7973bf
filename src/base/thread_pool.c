#include "base/thread_pool.h"

#include "base/memory.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

/* About 20 us at 4 GHz: longer than the gap between two kernels of a step, shorter than a time
 * slice. */
enum { SPINS = 4000 };

struct thread_pool {
    pthread_t *threads; /* [n_threads - 1] */
    size_t n_threads, n_started;

    bool is_alone;   /* the present job runs on thread 0 only */
    thread_job *job; /* written by thread 0 before `generation` is raised */
    void *context;

    _Alignas(64) _Atomic uint32_t generation; /* raised to start a job; futex word */
    _Alignas(64) _Atomic uint32_t arrived;    /* threads at the barrier now */
    _Alignas(64) _Atomic uint32_t phase;      /* raised when all have arrived; futex word */
    _Atomic uint32_t sleepers;                /* threads inside futex_wait, of either word */
    _Alignas(64) _Atomic size_t taken;        /* work handed out in this phase */
    bool closing;                             /* written before `generation` is raised */
};

struct worker_start {
    struct thread_pool *pool;
    size_t index;
};

static void pause_briefly(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void wait_for_change(struct thread_pool *pool, _Atomic uint32_t *word, uint32_t old)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(word, memory_order_acquire) != old)
            return;
        pause_briefly();
    }
    atomic_fetch_add(&pool->sleepers, 1);
    while (atomic_load(word) == old)
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, old, NULL, NULL, 0);
    atomic_fetch_sub(&pool->sleepers, 1);
}

static void change_and_wake(struct thread_pool *pool, _Atomic uint32_t *word)
{
    atomic_fetch_add(word, 1);
    if (atomic_load(&pool->sleepers) > 0)
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void thread_pool_barrier(struct thread_pool *pool)
{
    if (pool->is_alone) {
        atomic_store_explicit(&pool->taken, 0, memory_order_relaxed);
        return;
    }
    uint32_t phase = atomic_load(&pool->phase);
    if (atomic_fetch_add(&pool->arrived, 1) + 1 == pool->n_threads) {
        atomic_store(&pool->taken, 0);
        atomic_store(&pool->arrived, 0);
        change_and_wake(pool, &pool->phase);
    } else {
        wait_for_change(pool, &pool->phase, phase);
    }
}

bool thread_pool_take(struct thread_pool *pool, size_t count, size_t portion, size_t *begin,
                      size_t *end)
{
    size_t at = atomic_fetch_add_explicit(&pool->taken, portion, memory_order_relaxed);
    if (at >= count)
        return false;
    *begin = at;
    *end = size_min(count, at + portion);
    return true;
}

bool thread_pool_take_shrinking(struct thread_pool *pool, size_t count, size_t unit, size_t *begin,
                                size_t *end)
{
    size_t sharers = pool->is_alone ? 1 : pool->n_threads;
    size_t at = atomic_load_explicit(&pool->taken, memory_order_relaxed), portion;
    do {
        if (at >= count)
            return false;
        portion = (count - at) / (2 * sharers) / unit * unit;
        portion = size_max(portion, unit);
    } while (!atomic_compare_exchange_weak_explicit(&pool->taken, &at, at + portion,
                                                    memory_order_relaxed, memory_order_relaxed));
    *begin = at;
    *end = size_min(count, at + portion);
    return true;
}

static void *worker_main(void *argument)
{
    struct worker_start start = *(struct worker_start *)argument;
    memory_free(argument);
    struct thread_pool *pool = start.pool;
    for (uint32_t seen = 0;;) {
        wait_for_change(pool, &pool->generation, seen);
        seen++;
        if (pool->closing)
            return NULL;
        pool->job(pool->context, start.index, pool->n_threads);
        thread_pool_barrier(pool);
    }
}

void thread_pool_run(struct thread_pool *pool, thread_job *job, void *context)
{
    pool->job = job;
    pool->context = context;
    atomic_store(&pool->taken, 0);
    change_and_wake(pool, &pool->generation);
    job(context, 0, pool->n_threads);
    thread_pool_barrier(pool);
}

void thread_pool_run_alone(struct thread_pool *pool, thread_job *job, void *context)
{
    pool->is_alone = true;
    atomic_store_explicit(&pool->taken, 0, memory_order_relaxed);
    job(context, 0, 1);
    pool->is_alone = false;
}

size_t thread_pool_size(const struct thread_pool *pool)
{
    return pool->n_threads;
}

static bool start_worker(struct thread_pool *pool, size_t index, struct error *err)
{
    struct worker_start *start = memory_zeroed(1, sizeof *start);
    if (!start)
        return fail_memory(err, sizeof *start, "a thread");
    *start = (struct worker_start){ pool, index };
    int code = pthread_create(&pool->threads[index - 1], NULL, worker_main, start);
    if (code != 0) {
        memory_free(start);
        return fail(err, ERROR_IO, "cannot start thread %zu of %zu: %s", index + 1, pool->n_threads,
                    strerror(code));
    }
    pool->n_started++;
    return true;
}

bool thread_pool_open(struct thread_pool **out, size_t n_threads, struct error *err)
{
    *out = NULL;
    size_t available = cpu_count_available();
    n_threads = n_threads == 0 ? available : size_min(n_threads, available);
    struct thread_pool *pool = memory_aligned(sizeof *pool);
    if (!pool)
        return fail_memory(err, sizeof *pool, "a thread pool");
    memset(pool, 0, sizeof *pool);
    pool->n_threads = n_threads;
    pool->threads = memory_zeroed(n_threads, sizeof *pool->threads);
    bool ok = pool->threads != NULL || fail_memory(err, n_threads * 8, "a thread pool");
    for (size_t i = 1; ok && i < n_threads; i++)
        ok = start_worker(pool, i, err);
    if (!ok) {
        thread_pool_close(&pool);
        return false;
    }
    *out = pool;
    return true;
}

void thread_pool_close(struct thread_pool **pool)
{
    struct thread_pool *p = *pool;
    if (!p)
        return;
    p->closing = true;
    change_and_wake(p, &p->generation);
    for (size_t i = 0; i < p->n_started; i++)
        pthread_join(p->threads[i], NULL);
    memory_free(p->threads);
    memory_free(p);
    *pool = NULL;
}

/* Processors that a cgroup quota allows, rounded up; SIZE_MAX when there is no quota. */
static size_t cgroup_limit(void)
{
    char quota[32] = "max";
    long long period = 0, allowed = -1;
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r"); /* version 2 */
    if (file) {
        if (fscanf(file, "%31s %lld", quota, &period) == 2 && strcmp(quota, "max") != 0)
            allowed = strtoll(quota, NULL, 10);
        fclose(file);
    } else if ((file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "r"))) { /* version 1 */
        if (fscanf(file, "%lld", &allowed) != 1)
            allowed = -1;
        fclose(file);
        if ((file = fopen("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "r"))) {
            if (fscanf(file, "%lld", &period) != 1)
                period = 0;
            fclose(file);
        }
    }
    if (allowed <= 0 || period <= 0)
        return SIZE_MAX;
    return (size_t)((allowed + period - 1) / period);
}

size_t cpu_count_available(void)
{
    size_t count = 0;
    /* The mask's size must be at least the kernel's; grow until it fits. */
    for (int cpus = 1024; cpus <= 1 << 20 && count == 0; cpus *= 4) {
        cpu_set_t *set = CPU_ALLOC(cpus);
        if (!set)
            break;
        if (sched_getaffinity(0, CPU_ALLOC_SIZE(cpus), set) == 0)
            count = (size_t)CPU_COUNT_S(CPU_ALLOC_SIZE(cpus), set);
        CPU_FREE(set);
    }
    if (count == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        count = online > 0 ? (size_t)online : 1;
    }
    return size_max(1, size_min(count, cgroup_limit()));
}
