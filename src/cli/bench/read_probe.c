#include "cli/bench/read_probe.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/thread_pool.h"

#include <sys/mman.h>
#include <unistd.h>

enum { MIN_BYTES = 256 << 20, MAX_BYTES = 1 << 30, PORTION_BYTES = 4 << 20 };

struct read_probe {
    struct thread_pool *pool; /* borrowed */
    uint64_t *words;          /* [n_words] */
    size_t n_words;
    _Atomic uint64_t sum; /* so that no compiler drops the reading */
};

/* Four times the last cache: at most a quarter of a pass can come out of it. */
static size_t probe_bytes(void)
{
    long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
    size_t wanted = cache > 0 ? 4 * (size_t)cache : MIN_BYTES;
    return align_up(size_min(size_max(wanted, MIN_BYTES), MAX_BYTES), PORTION_BYTES);
}

static void touch(void *context, size_t thread, size_t n_threads)
{
    struct read_probe *probe = context;
    size_t begin, end;
    (void)thread;
    (void)n_threads;
    while (thread_pool_take(probe->pool, probe->n_words, PORTION_BYTES / 8, &begin, &end))
        for (size_t i = begin; i < end; i++)
            probe->words[i] = i;
}

/* Eight sums side by side, so that additions do not wait for each other. */
static void read_all(void *context, size_t thread, size_t n_threads)
{
    struct read_probe *probe = context;
    uint64_t sums[8] = { 0 };
    size_t begin, end;
    (void)thread;
    (void)n_threads;
    while (thread_pool_take(probe->pool, probe->n_words, PORTION_BYTES / 8, &begin, &end))
        for (size_t i = begin; i < end; i += 8)
            for (size_t j = 0; j < 8; j++)
                sums[j] += probe->words[i + j];
    for (size_t j = 0; j < 8; j++)
        probe->sum += sums[j];
}

bool read_probe_open(struct read_probe **out, struct thread_pool *pool, struct error *err)
{
    *out = NULL;
    struct read_probe *probe = memory_zeroed(1, sizeof *probe);
    size_t size = probe_bytes();
    if (!probe)
        return fail_memory(err, sizeof *probe, "the read probe");
    void *words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    probe->words = words == MAP_FAILED ? NULL : words;
    probe->n_words = size / sizeof *probe->words;
    if (!probe->words) {
        read_probe_close(&probe);
        return fail_memory(err, size, "the read probe");
    }
    probe->pool = pool;
    madvise(words, size, MADV_HUGEPAGE);
    thread_pool_run(probe->pool, touch, probe);
    *out = probe;
    return true;
}

void read_probe_close(struct read_probe **probe)
{
    struct read_probe *p = *probe;
    if (!p)
        return;
    if (p->words)
        munmap(p->words, p->n_words * sizeof *p->words);
    memory_free(p);
    *probe = NULL;
}

uint64_t read_probe_bytes(const struct read_probe *probe)
{
    return probe->n_words * sizeof *probe->words;
}

double read_probe_pass(struct read_probe *probe)
{
    uint64_t began = clock_ns();
    thread_pool_run(probe->pool, read_all, probe);
    return (double)(probe->n_words * sizeof *probe->words) / ((double)(clock_ns() - began) / 1e9);
}
