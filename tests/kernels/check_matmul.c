/* Every variant of matmul that this processor has, against the reference and against itself.
 *
 * `check_matmul` checks, `check_matmul bench` measures. Weights end on a guard page, so that a read
 * past the last row dies; results are compared with the reference relative to sum |w x|, and bit by
 * bit between divisions of the work. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "quant/block.h"
#include "quant/quantize.h"

static uint64_t random_state = 88172645463325252u;
static size_t failures;

static uint64_t random_bits(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static float random_float(void)
{
    return (float)((double)(random_bits() >> 11) / 4503599627370496.0 - 1.0);
}

enum hurt { RANDOM, ZEROS, ONES, EXTREME_SCALES, HURTS };

static void put_half(uint8_t *block, size_t offset, float value)
{
    uint16_t half = float_to_half(value);
    memcpy(block + offset, &half, 2);
}

static float scale_for(enum hurt hurt)
{
    static const float extremes[] = { 65504, -65504, 6e-8f, -6e-8f, 0, -0.0f, 1, -1 };
    return hurt == EXTREME_SCALES ? extremes[random_bits() % 8] : random_float();
}

/* Places of the half floats in a block, -1 for none. */
static const int half_at[DTYPE_COUNT][2] = {
    [DTYPE_Q4_0] = { 0, -1 },   [DTYPE_Q4_1] = { 0, 2 },  [DTYPE_Q5_0] = { 0, -1 },
    [DTYPE_Q5_1] = { 0, 2 },    [DTYPE_Q8_0] = { 0, -1 }, [DTYPE_Q2_K] = { 80, 82 },
    [DTYPE_Q3_K] = { 108, -1 }, [DTYPE_Q4_K] = { 0, 2 },  [DTYPE_Q5_K] = { 0, 2 },
    [DTYPE_Q6_K] = { 208, -1 },
};

static void fill_quantized(enum dtype type, enum hurt hurt, uint8_t *w, size_t bytes)
{
    size_t block_bytes = dtype_block_bytes(type);
    for (size_t i = 0; i < bytes; i++)
        w[i] = hurt == ZEROS ? 0 : hurt == ONES ? 0xff : (uint8_t)random_bits();
    for (size_t at = 0; at < bytes; at += block_bytes)
        for (int i = 0; i < 2; i++)
            if (half_at[type][i] >= 0)
                put_half(w + at, (size_t)half_at[type][i], scale_for(hurt));
}

static void fill_weights(enum dtype type, enum hurt hurt, void *weight, size_t bytes)
{
    if (dtype_is_quantized(type)) {
        fill_quantized(type, hurt, weight, bytes);
        return;
    }
    size_t size = dtype_block_bytes(type);
    for (size_t i = 0; i < bytes / size; i++) {
        float value = hurt == ZEROS ? 0 : hurt == ONES ? 1 : scale_for(hurt);
        quantize_row(type, &value, (uint8_t *)weight + i * size, 1);
    }
}

static void fill_x(enum hurt hurt, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = hurt == ONES ? 1 : random_float() * (random_bits() % 64 ? 1 : 1000);
    if (hurt == ZEROS)
        memset(x, 0, n * sizeof *x);
}

/* Memory that ends where a page begins that nobody may touch. */
struct guarded {
    uint8_t *base;
    size_t mapped;
    uint8_t *data;
};

static struct guarded guarded_new(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = align_up(bytes, page);
    struct guarded g = { .mapped = size + page };
    g.base = mmap(NULL, g.mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g.base == MAP_FAILED || mprotect(g.base + size, page, PROT_NONE) != 0)
        exit(2);
    g.data = g.base + size - bytes;
    return g;
}

/* One product: weights on a guard page, x for up to `m` tokens. */
struct product {
    enum dtype type;
    size_t n, k, m;
    struct guarded weight;
    float *x, *bias;
};

static struct product product_new(enum dtype type, enum hurt hurt, size_t n, size_t k, size_t m,
                                  bool bias)
{
    struct product p = { .type = type, .n = n, .k = k, .m = m };
    size_t bytes = n * dtype_row_bytes(type, k);
    p.weight = guarded_new(bytes);
    fill_weights(type, hurt, p.weight.data, bytes);
    p.x = memory_aligned(m * k * sizeof *p.x);
    fill_x(hurt, p.x, m * k);
    p.bias = bias ? memory_aligned(n * sizeof *p.bias) : NULL;
    if (bias)
        fill_x(RANDOM, p.bias, n);
    return p;
}

static void product_free(struct product *p)
{
    munmap(p->weight.base, p->weight.mapped);
    memory_free(p->x);
    memory_free(p->bias);
}

/* y of tokens [t_begin, t_end) with rows divided at multiples of `portion`; y is [t_end -
 * t_begin][n]. */
static void run_product(const struct matmul_kernels *kernels, const struct product *p,
                        size_t t_begin, size_t t_end, size_t portion, float *y)
{
    enum activation_format format = matmul_activation(p->type);
    size_t m = t_end - t_begin;
    void *prepared = memory_aligned(kernels->prepared_bytes(format, m, p->k));
    void *scratch = memory_aligned(kernels->scratch_bytes(p->type, p->k));
    for (size_t t = 0; t < m; t++)
        kernels->prepare(format, prepared, p->x + t_begin * p->k, p->k, m, p->k, t, t + 1);
    struct matmul job = { .weight = p->weight.data,
                          .row_bytes = dtype_row_bytes(p->type, p->k),
                          .n = p->n,
                          .k = p->k,
                          .x = prepared,
                          .m = m,
                          .y = y,
                          .y_stride = p->n,
                          .bias = p->bias };
    for (size_t n = 0; n < p->n; n += portion)
        kernels->run[p->type](&job, n, size_min(n + portion, p->n), scratch);
    memory_free(prepared);
    memory_free(scratch);
}

static void report(const struct product *p, const char *what, size_t t, size_t r, double got,
                   double want, double limit)
{
    if (failures++ < 20)
        printf("FAIL %s n=%zu k=%zu m=%zu %s: y[%zu][%zu] = %.9g, want %.9g within %.3g\n",
               dtype_name(p->type), p->n, p->k, p->m, what, t, r, got, want, limit);
}

/* sum |part of w that has a code * x| + |minimum * x| */
static double magnitude(const struct product *p, size_t r, size_t t)
{
    size_t bytes = dtype_row_bytes(p->type, p->k), block = dtype_block_bytes(p->type);
    float *w = memory_zeroed(p->k, 2 * sizeof *w), *minimum = w + p->k;
    uint8_t *copy = memory_aligned(bytes);
    memcpy(copy, p->weight.data + r * bytes, bytes);
    dequantize_row(p->type, copy, w, p->k);
    bool has_minimum = half_at[p->type][1] > 0;
    if (has_minimum) {
        for (size_t at = 0; at < bytes; at += block) {
            size_t head = p->type == DTYPE_Q4_1 || p->type == DTYPE_Q5_1 ? 4 : 16;
            size_t codes = p->type == DTYPE_Q2_K ? 64 : block - head;
            memset(copy + at + head, 0, codes);
        }
        dequantize_row(p->type, copy, minimum, p->k);
    }
    double sum = p->bias ? fabs((double)p->bias[r]) : 0;
    for (size_t i = 0; i < p->k; i++) {
        double x = fabs((double)p->x[t * p->k + i]);
        sum += (fabs((double)w[i] - (double)minimum[i]) + fabs((double)minimum[i])) * x;
    }
    memory_free(w);
    memory_free(copy);
    return sum;
}

static double worst;

static void check_near(const struct product *p, const float *got, const float *want)
{
    for (size_t t = 0; t < p->m; t++)
        for (size_t r = 0; r < p->n; r++) {
            size_t at = t * p->n + r;
            double difference = fabs((double)got[at] - (double)want[at]);
            if (difference == 0)
                continue;
            double size = magnitude(p, r, t);
            worst = fmax(worst, difference / size);
            if (!(difference <= (double)MATMUL_TOLERANCE * size))
                report(p, "near the reference", t, r, (double)got[at], (double)want[at],
                       (double)MATMUL_TOLERANCE * size);
        }
}

static void check_same(const struct product *p, const char *what, const float *got,
                       const float *want, size_t t_begin, size_t t_end)
{
    for (size_t t = t_begin; t < t_end; t++)
        for (size_t r = 0; r < p->n; r++)
            if (memcmp(&got[(t - t_begin) * p->n + r], &want[t * p->n + r], sizeof *got) != 0)
                report(p, what, t, r, (double)got[(t - t_begin) * p->n + r],
                       (double)want[t * p->n + r], 0);
}

/* All that the contract says about one product. `other` is a variant that must give the same bits,
 * or NULL. */
static void check_product(const struct matmul_kernels *tested,
                          const struct matmul_kernels *reference,
                          const struct matmul_kernels *other, struct product *p)
{
    size_t count = p->m * p->n;
    float *want = memory_zeroed(count, sizeof *want), *got = memory_zeroed(count, sizeof *got);
    float *again = memory_zeroed(count, sizeof *again);
    run_product(reference, p, 0, p->m, p->n, want);
    run_product(tested, p, 0, p->m, align_up(p->n, MATMUL_TILE), got);
    check_near(p, got, want);
    run_product(tested, p, 0, p->m, MATMUL_TILE, again);
    check_same(p, "rows divided", again, got, 0, p->m);
    for (size_t t = 0; t < p->m; t++) {
        run_product(tested, p, t, t + 1, align_up(p->n, MATMUL_TILE), again);
        check_same(p, "token alone", again, got, t, t + 1);
    }
    if (other && other->run[p->type] != reference->run[p->type]) {
        run_product(other, p, 0, p->m, align_up(p->n, MATMUL_TILE), again);
        check_same(p, "other instruction set", again, got, 0, p->m);
    }
    memory_free(want);
    memory_free(got);
    memory_free(again);
}

struct variants {
    const struct matmul_kernels *tested, *reference, *other;
};

static void check_shape(const struct variants *v, enum dtype type, enum hurt hurt, size_t n,
                        size_t k, size_t m)
{
    struct product p = product_new(type, hurt, n, k, m, n % 2);
    check_product(v->tested, v->reference, v->other, &p);
    product_free(&p);
}

static void check_type(const struct variants *v, enum dtype type)
{
    size_t block = dtype_block_elements(type);
    worst = 0;
    for (enum hurt hurt = 0; hurt < HURTS; hurt++) {
        for (size_t n = 1; n <= 40; n++)
            check_shape(v, type, hurt, n, block == 1 ? 24 + n : block, 1 + n % 3);
        for (size_t m = 1; m <= 40; m++)
            check_shape(v, type, hurt, 19, size_max(block, 96), m);
        for (size_t i = 1; i <= 40; i++)
            check_shape(v, type, hurt, 17, i * block, 7);
    }
    check_shape(v, type, RANDOM, 33, 4096 + block, 8);
    check_shape(v, type, RANDOM, 3, 256, 400);
    printf("%-5s worst %.2g\n", dtype_name(type), worst);
}

/* prepare must give the reference's bits, for hostile numbers too. */
static void check_prepare(const struct matmul_kernels *tested,
                          const struct matmul_kernels *reference)
{
    enum { K = 320, M = 13 };
    static float x[K * M];
    for (size_t round = 0; round < 200; round++) {
        fill_x(RANDOM, x, K * M);
        for (size_t i = 0; i < round / 4; i++) {
            static const float hostile[] = { NAN,     INFINITY, -INFINITY, 1e-45f, -0.0f,
                                             3.4e38f, 1e-31f,   0.5f,      127,    -127 };
            x[random_bits() % (K * M)] = hostile[random_bits() % 10];
        }
        for (size_t block = 0; block < K * M / 32 && round % 4 == 3; block++) {
            float factor = powf(10, (float)(int)(random_bits() % 80) - 45);
            for (size_t i = 0; i < 32; i++)
                x[block * 32 + i] *= factor;
        }
        for (enum activation_format f = 0; f < ACTIVATION_FORMATS; f++) {
            size_t bytes = reference->prepared_bytes(f, M, K);
            uint8_t *want = memory_aligned(bytes), *got = memory_aligned(bytes);
            memset(want, 0, bytes);
            memset(got, 0, bytes);
            reference->prepare(f, want, x, K, M, K, 0, M);
            tested->prepare(f, got, x, K, M, K, 0, 5);
            tested->prepare(f, got, x, K, M, K, 5, M);
            for (size_t i = 0; i < bytes; i++)
                if (want[i] != got[i] && failures++ < 20)
                    printf("FAIL prepare format %d byte %zu: %d, want %d\n", f, i, got[i], want[i]);
            memory_free(want);
            memory_free(got);
        }
    }
}

/* Measuring */

struct bench {
    struct thread_pool *pool;
    const struct matmul_kernels *kernels;
    enum dtype type;
    struct matmul job;
    const uint8_t *bytes;
    size_t n_bytes;
    uint64_t checksum;
};

static void run_job(void *context, size_t thread, size_t n_threads)
{
    struct bench *b = context;
    (void)thread;
    (void)n_threads;
    void *scratch = memory_aligned(b->kernels->scratch_bytes(b->type, b->job.k));
    size_t begin, end;
    while (thread_pool_take(b->pool, b->job.n, 64, &begin, &end))
        b->kernels->run[b->type](&b->job, begin, end, scratch);
    memory_free(scratch);
}

static void read_job(void *context, size_t thread, size_t n_threads)
{
    struct bench *b = context;
    size_t share = b->n_bytes / n_threads & ~(size_t)63;
    const uint64_t *words = (const uint64_t *)(b->bytes + thread * share);
    uint64_t sum[8] = { 0 };
    for (size_t i = 0; i < share / 8; i += 8)
        for (size_t j = 0; j < 8; j++)
            sum[j] += words[i + j];
    __atomic_fetch_add(&b->checksum,
                       sum[0] + sum[1] + sum[2] + sum[3] + sum[4] + sum[5] + sum[6] + sum[7],
                       __ATOMIC_RELAXED);
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

static double time_m(struct bench *b, size_t m, int times)
{
    enum activation_format format = matmul_activation(b->type);
    size_t k = b->job.k;
    float *x = memory_aligned(m * k * sizeof *x);
    void *prepared = memory_aligned(b->kernels->prepared_bytes(format, m, k));
    float *y = memory_aligned(m * b->job.n * sizeof *y);
    fill_x(RANDOM, x, m * k);
    b->kernels->prepare(format, prepared, x, k, m, k, 0, m);
    b->job.x = prepared;
    b->job.m = m;
    b->job.y = y;
    double seconds = best_seconds(b, run_job, times);
    memory_free(x);
    memory_free(prepared);
    memory_free(y);
    return seconds;
}

static void bench_type(struct bench *b, enum dtype type)
{
    enum { K = 4096 };
    size_t row = dtype_row_bytes(type, K), n = ((size_t)96 << 20) / row / 64 * 64;
    uint8_t *weight = memory_aligned(n * row + 64);
    for (size_t i = 0; i < n * row; i += 8)
        memcpy(weight + i, &(uint64_t){ random_bits() & 0x3f3f3f3f3f3f3f3f }, 8);
    b->type = type;
    b->bytes = weight;
    b->n_bytes = n * row;
    b->job = (struct matmul){ .weight = weight, .row_bytes = row, .n = n, .k = K, .y_stride = n };
    double read = best_seconds(b, read_job, 5);
    double one = time_m(b, 1, 5), two = time_m(b, 2, 3), eight = time_m(b, 8, 3),
           sixteen = time_m(b, 16, 3);
    b->job.n = b->job.y_stride = 4096;
    double many = time_m(b, 256, 3);
    double operations = 2.0 * 256 * 4096 * K;
    printf("%-5s read %5.1f GB/s  m=1 %5.1f GB/s (%3.0f%%)  m=2 %5.1f  m=8 %5.1f  m=16 %5.1f  "
           "m=256 %6.0f Gop/s\n",
           dtype_name(type), (double)b->n_bytes / read * 1e-9, (double)b->n_bytes / one * 1e-9,
           read / one * 100, (double)b->n_bytes / two * 1e-9, (double)b->n_bytes / eight * 1e-9,
           (double)b->n_bytes / sixteen * 1e-9, operations / many * 1e-9);
    memory_free(weight);
}

static int bench(const struct matmul_kernels *kernels, const char *only, size_t threads)
{
    struct bench b = { .kernels = kernels };
    struct error err;
    if (!thread_pool_open(&b.pool, threads, &err))
        return 1;
    for (enum dtype type = 0; type < DTYPE_COUNT; type++)
        if (!only || strcmp(only, "all") == 0 || strcmp(only, dtype_name(type)) == 0)
            bench_type(&b, type);
    thread_pool_close(&b.pool);
    return 0;
}

int main(int argc, char **argv)
{
    struct kernels tested, reference;
    kernels_init(&tested, cpu_features());
    kernels_init(&reference, 0);
    printf("%s\n", cpu_features_name(tested.features));
    if (argc > 1 && strcmp(argv[1], "bench") == 0)
        return bench(&tested.matmul, argc > 2 ? argv[2] : NULL,
                     argc > 3 ? (size_t)atoi(argv[3]) : 0);
    struct kernels avx2;
    kernels_init(&avx2, cpu_features() & CPU_AVX2);
    struct variants v = { &tested.matmul, &reference.matmul,
                          tested.features > CPU_AVX2 ? &avx2.matmul : NULL };
    check_prepare(&tested.matmul, &reference.matmul);
    for (enum dtype type = 0; type < DTYPE_COUNT; type++)
        if (argc < 2 || strcmp(argv[1], dtype_name(type)) == 0)
            check_type(&v, type);
    printf("%zu failures\n", failures);
    return failures != 0;
}
