/* How near attention comes to the machine's two limits at depth: bytes a second with one query a
 * step, operations a second with many. Both limits are measured in the same run. */
#include "bench_attention.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread_pool.h"

/* The shape of a model of 8 billion weights; layers enough to leave the last cache. */
enum { HEADS = 32, KV_HEADS = 8, HEAD_DIM = 128, DEPTH = 8192, LAYERS = 8, PREFILL = 192 };
enum { WIDTH = HEADS * HEAD_DIM, N_PAGES = DEPTH / KV_PAGE_TOKENS };

struct bench {
    struct thread_pool *pool;
    const struct kernels *kernels;
    struct kernels limits; /* whose peak is that of this level: AVX-512's comes with VNNI */
    enum kv_type type;
    size_t page_bytes, n_layers, n_queries;
    uint8_t *pages[N_PAGES];
    float *q, *out; /* [PREFILL][WIDTH] */
    uint64_t checksum;
    double peak_operations; /* of each thread */
};

static bool open_bench(struct bench *b, struct check *c, size_t n_threads)
{
    struct error err;
    unsigned features = b->kernels->features;
    kernels_init(&b->limits, features & CPU_AVX512 ? cpu_features() : features);
    b->page_bytes = LAYERS * kv_layer_bytes(b->type, KV_HEADS, HEAD_DIM);
    b->q = memory_aligned(2 * PREFILL * WIDTH * sizeof *b->q);
    bool ok = b->q && thread_pool_open(&b->pool, n_threads, &err);
    for (size_t i = 0; ok && i < N_PAGES; i++)
        ok = (b->pages[i] = memory_huge(b->page_bytes)) != NULL;
    if (!ok)
        return false;
    b->out = b->q + PREFILL * WIDTH;
    check_fill_normal(c, b->q, PREFILL * WIDTH);
    return true;
}

static void close_bench(struct bench *b)
{
    for (size_t i = 0; i < N_PAGES; i++)
        memory_free(b->pages[i]);
    memory_free(b->q);
    thread_pool_close(&b->pool);
}

/* One random position, stored at all places of all layers. */
static void fill_pages(struct bench *b, struct check *c)
{
    float k[KV_HEADS * HEAD_DIM], v[KV_HEADS * HEAD_DIM];
    size_t layer_bytes = kv_layer_bytes(b->type, KV_HEADS, HEAD_DIM);
    for (size_t slot = 0; slot < KV_PAGE_TOKENS; slot++) {
        check_fill_normal(c, k, COUNT_OF(k));
        check_fill_normal(c, v, COUNT_OF(v));
        b->kernels->attention.store[b->type](b->pages[0], slot, k, v, KV_HEADS, HEAD_DIM);
    }
    for (size_t layer = 1; layer < LAYERS; layer++)
        memcpy(b->pages[0] + layer * layer_bytes, b->pages[0], layer_bytes);
    for (size_t i = 1; i < N_PAGES; i++)
        memcpy(b->pages[i], b->pages[0], b->page_bytes);
}

static void attend_layer(struct bench *b, size_t layer, void *scratch)
{
    const struct attention a = {
        .q = b->q,
        .q_stride = WIDTH,
        .out = b->out,
        .out_stride = WIDTH,
        .n_heads = HEADS,
        .n_kv_heads = KV_HEADS,
        .head_dim = HEAD_DIM,
        .scale = 0.0884f,
        .pages = b->pages,
        .layer_offset = layer * kv_layer_bytes(b->type, KV_HEADS, HEAD_DIM),
        .first_position = (uint32_t)(DEPTH - b->n_queries),
    };
    size_t block = attention_block_queries(HEADS, KV_HEADS);
    size_t n_blocks = (b->n_queries + block - 1) / block, begin, end;
    while (thread_pool_take(b->pool, n_blocks * KV_HEADS, 1, &begin, &end)) {
        size_t first = begin / KV_HEADS * block;
        b->kernels->attention.run[b->type](&a, begin % KV_HEADS, first,
                                           size_min(first + block, b->n_queries), scratch);
    }
}

static void attend_layers(void *context, size_t thread, size_t n_threads)
{
    struct bench *b = context;
    (void)thread, (void)n_threads;
    void *scratch = memory_aligned(b->kernels->attention.scratch_bytes(HEADS, KV_HEADS, HEAD_DIM));
    for (size_t layer = 0; layer < b->n_layers; layer++) {
        attend_layer(b, layer, scratch);
        thread_pool_barrier(b->pool);
    }
    memory_free(scratch);
}

static void read_pages(void *context, size_t thread, size_t n_threads)
{
    struct bench *b = context;
    uint64_t sum[8] = { 0 };
    for (size_t page = thread; page < N_PAGES; page += n_threads) {
        const uint64_t *words = (const uint64_t *)(const void *)b->pages[page];
        for (size_t i = 0; i < b->page_bytes / 8; i += 8)
            for (size_t j = 0; j < 8; j++)
                sum[j] += words[i + j];
    }
    for (size_t j = 1; j < 8; j++)
        sum[0] += sum[j];
    __atomic_fetch_add(&b->checksum, sum[0], __ATOMIC_RELAXED);
}

static void run_peak(void *context, size_t thread, size_t n_threads)
{
    struct bench *b = context;
    (void)n_threads;
    double operations = b->limits.peak.run(false, 2000000);
    if (thread == 0)
        b->peak_operations = operations;
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

static void bench_decode(struct bench *b)
{
    double bytes = (double)b->page_bytes * N_PAGES;
    b->n_queries = 1;
    b->n_layers = LAYERS;
    double read = bytes / best_seconds(b, read_pages, 7) * 1e-9;
    double rate = bytes / best_seconds(b, attend_layers, 7) * 1e-9;
    printf(" 1 query %5.1f GB/s of %5.1f (%3.0f%%)", rate, read, rate / read * 100);
}

static double prefill_rate(struct bench *b)
{
    b->n_queries = PREFILL;
    b->n_layers = 1;
    double pairs = PREFILL * (DEPTH - (PREFILL - 1) / 2.0);
    return 4.0 * pairs * WIDTH / best_seconds(b, attend_layers, 5) * 1e-9;
}

static void bench_prefill(struct bench *b)
{
    double rate = prefill_rate(b), seconds = best_seconds(b, run_peak, 5);
    double peak = b->peak_operations * (double)thread_pool_size(b->pool) / seconds * 1e-9;
    printf("; %d queries %4.0f Gop/s of %4.0f (%3.0f%%)", PREFILL, rate, peak, rate / peak * 100);
}

void bench_attention(struct check *c, enum kv_type type)
{
    static const char *const names[KV_TYPES] = {
        [KV_F16] = "f16", [KV_BF16] = "bf16", [KV_F32] = "f32", [KV_Q8_0] = "q8_0"
    };
    for (size_t n_threads = 1; n_threads <= 2; n_threads++) {
        struct bench b = { .kernels = &c->tested, .type = type };
        if (open_bench(&b, c, n_threads % 2)) { /* one, then all */
            fill_pages(&b, c);
            printf("%-6s %-4s at %d, %zu threads:", c->level, names[type], DEPTH,
                   thread_pool_size(b.pool));
            bench_decode(&b);
            bench_prefill(&b);
            printf("\n");
        }
        close_bench(&b);
    }
}
