/* How near matmul comes to the machine's two limits: bytes a second with few tokens, operations a
 * second with many. Both limits are measured in the same run, all on every processor. */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread_pool.h"
#include "matmul_weights.h"

/* More than the last cache holds; rows like those of a model of 8 billion weights. */
enum { BENCH_BYTES = 96 << 20, BENCH_K = 4096, BENCH_N = 4096, BENCH_M = 256 };

struct bench {
    struct thread_pool *pool;
    const struct kernels *kernels;
    enum dtype type;
    struct matmul job;
    uint64_t checksum;
    bool integers;
};

/* Portions as a plan makes them: sixteen for each thread. */
static void multiply_all(void *context, size_t thread, size_t n_threads)
{
    struct bench *b = context;
    (void)thread;
    size_t tiles = b->job.n / MATMUL_TILE, begin, end;
    void *scratch = memory_aligned(b->kernels->matmul.scratch_bytes(b->type, b->job.k));
    while (thread_pool_take(b->pool, tiles, tiles / (16 * n_threads) + 1, &begin, &end))
        b->kernels->matmul.run[b->type](&b->job, begin * MATMUL_TILE, end * MATMUL_TILE, scratch);
    memory_free(scratch);
}

static void read_all(void *context, size_t thread, size_t n_threads)
{
    struct bench *b = context;
    size_t share = b->job.n * b->job.row_bytes / n_threads / 64 * 64;
    const uint64_t *words = (const uint64_t *)((const uint8_t *)b->job.weight + thread * share);
    uint64_t sum[8] = { 0 };
    for (size_t i = 0; i < share / 8; i += 8)
        for (size_t j = 0; j < 8; j++)
            sum[j] += words[i + j];
    for (size_t j = 1; j < 8; j++)
        sum[0] += sum[j];
    __atomic_fetch_add(&b->checksum, sum[0], __ATOMIC_RELAXED);
}

enum { PEAK_ROUNDS = 2000000 };
static double peak_each; /* operations of one thread; the same for all */

static void peak_all(void *context, size_t thread, size_t n_threads)
{
    struct bench *b = context;
    (void)n_threads;
    double operations = b->kernels->peak.run(b->integers, PEAK_ROUNDS);
    if (thread == 0)
        peak_each = operations;
}

static double best_seconds(struct bench *b, thread_job *job, int times)
{
    double best = 1e30;
    for (int i = 0; i < times; i++) {
        uint64_t start = clock_ns();
        thread_pool_run(b->pool, job, b);
        best = fmin(best, (double)(clock_ns() - start) * 1e-9);
    }
    return best;
}

/* Seconds of one product of m tokens. */
static double time_tokens(struct bench *b, struct check *c, size_t m)
{
    const struct matmul_kernels *k = &b->kernels->matmul;
    enum activation_format format = matmul_activation(b->type);
    float *x = memory_aligned(m * b->job.k * sizeof *x),
          *y = memory_aligned(m * b->job.n * sizeof *y);
    void *prepared = memory_aligned(k->prepared_bytes(format, m, b->job.k));
    check_fill_normal(c, x, m * b->job.k);
    k->prepare(format, prepared, x, b->job.k, m, b->job.k, 0, m);
    b->job.x = prepared;
    b->job.m = m;
    b->job.y = y;
    b->job.y_stride = b->job.n;
    double seconds = best_seconds(b, multiply_all, 7);
    memory_free(prepared);
    memory_free(y);
    memory_free(x);
    return seconds;
}

static void bench_bytes(struct bench *b, struct check *c)
{
    static const size_t tokens[] = { 1, 2, 4, 8, 16 };
    double bytes = (double)(b->job.n * b->job.row_bytes);
    double read = bytes / best_seconds(b, read_all, 7) * 1e-9;
    printf("%-6s %-5s read %5.1f GB/s;", c->level, dtype_name(b->type), read);
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        double rate = bytes / time_tokens(b, c, tokens[i]) * 1e-9;
        printf(" m=%zu %5.1f", tokens[i], rate);
        if (tokens[i] == 1)
            printf(" (%3.0f%%)", rate / read * 100);
    }
}

static void bench_operations(struct bench *b, struct check *c)
{
    b->job.n = BENCH_N;
    double rate = 2.0 * BENCH_M * BENCH_N * BENCH_K / time_tokens(b, c, BENCH_M) * 1e-9;
    b->integers = dtype_is_quantized(b->type);
    double seconds = best_seconds(b, peak_all, 5);
    double peak = peak_each * (double)thread_pool_size(b->pool) / seconds * 1e-9;
    printf("; m=%d %6.0f Gop/s of %6.0f (%3.0f%%)\n", BENCH_M, rate, peak, rate / peak * 100);
}

void bench_matmul(struct check *c, enum dtype type)
{
    size_t row = dtype_row_bytes(type, BENCH_K), n = BENCH_BYTES / row / MATMUL_TILE * MATMUL_TILE;
    struct bench b = { .kernels = &c->tested, .type = type };
    uint8_t *weight = memory_aligned(n * row);
    struct error err;
    if (!weight || !thread_pool_open(&b.pool, 0, &err)) {
        memory_free(weight);
        return;
    }
    for (size_t i = 0; i < n * row; i += 8)
        memcpy(weight + i, &(uint64_t){ check_random(c) & 0x3f3f3f3f3f3f3f3f }, 8);
    b.job = (struct matmul){ .weight = weight, .row_bytes = row, .n = n, .k = BENCH_K };
    bench_bytes(&b, c);
    bench_operations(&b, c);
    thread_pool_close(&b.pool);
    memory_free(weight);
}
