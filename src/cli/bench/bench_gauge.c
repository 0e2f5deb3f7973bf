#include "cli/bench/bench_gauge.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread_pool.h"
#include "cli/bench/read_probe.h"

enum { PEAK_ROUNDS = 1000000 }; /* 1.5 ms of VPDPBUSD at 4 GHz */

struct bench_gauge {
    struct thread_pool *pool;
    struct read_probe *reading;
    size_t n_passes;
    struct bench_limits sum;
};

bool bench_gauge_open(struct bench_gauge **out, size_t n_threads, struct error *err)
{
    *out = NULL;
    struct bench_gauge *gauge = memory_zeroed(1, sizeof *gauge);
    if (!gauge)
        return fail_memory(err, sizeof *gauge, "a gauge");
    if (!thread_pool_open(&gauge->pool, n_threads, err) ||
        !read_probe_open(&gauge->reading, gauge->pool, err)) {
        bench_gauge_close(&gauge);
        return false;
    }
    *out = gauge;
    return true;
}

void bench_gauge_close(struct bench_gauge **gauge)
{
    struct bench_gauge *g = *gauge;
    if (!g)
        return;
    read_probe_close(&g->reading);
    thread_pool_close(&g->pool);
    memory_free(g);
    *gauge = NULL;
}

uint64_t bench_gauge_bytes(const struct bench_gauge *gauge)
{
    return read_probe_bytes(gauge->reading);
}

struct peak_job {
    const struct kernels *kernels;
    bool integers;
    double operations; /* of thread 0; the others do as many */
};

static void run_peak(void *context, size_t thread, size_t n_threads)
{
    struct peak_job *job = context;
    (void)n_threads;
    double operations = job->kernels->peak.run(job->integers, PEAK_ROUNDS);
    if (thread == 0)
        job->operations = operations;
}

/* Operations a second of all threads together. */
static double peak_pass(struct thread_pool *pool, const struct kernels *kernels, bool integers)
{
    struct peak_job job = { .kernels = kernels, .integers = integers };
    uint64_t began = clock_ns();
    thread_pool_run(pool, run_peak, &job);
    double seconds = (double)(clock_ns() - began) / 1e9;
    return job.operations * (double)thread_pool_size(pool) / seconds;
}

void bench_gauge_zero(struct bench_gauge *gauge)
{
    gauge->n_passes = 0;
    gauge->sum = (struct bench_limits){ 0 };
}

void bench_gauge_pass(struct bench_gauge *gauge, const struct kernels *kernels)
{
    gauge->sum.read_bytes += read_probe_pass(gauge->reading);
    gauge->sum.integer_ops += peak_pass(gauge->pool, kernels, true);
    gauge->sum.float_ops += peak_pass(gauge->pool, kernels, false);
    gauge->n_passes++;
}

struct bench_limits bench_gauge_limits(const struct bench_gauge *gauge)
{
    double n = (double)size_max(gauge->n_passes, 1);
    struct bench_limits sum = gauge->sum;
    return (struct bench_limits){ sum.read_bytes / n, sum.integer_ops / n, sum.float_ops / n };
}
