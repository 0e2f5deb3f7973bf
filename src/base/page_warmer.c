#include "base/page_warmer.h"

#include "base/memory.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linux 5.14; older kernels refuse it, and nothing is lost. */
#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/* Some milliseconds of work: how long stopping may take. */
enum { PORTION_BYTES = 16 << 20, LOWEST_PRIORITY = 19 };

struct page_warmer {
    pthread_t thread;
    struct page_range *ranges; /* [n_ranges] */
    size_t n_ranges;
    atomic_bool is_stopped;
};

/* Memory that can be had without swapping, the cached pages of files among it. */
static uint64_t available_bytes(void)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[128];
    unsigned long long kilobytes = 0;
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "MemAvailable: %llu", &kilobytes) == 1)
            break;
    if (file)
        fclose(file);
    return (uint64_t)kilobytes << 10;
}

static bool warm_range(struct page_warmer *warmer, struct page_range range)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin = (uintptr_t)range.data & -page;
    uintptr_t end = (uintptr_t)range.data + range.size;
    for (; begin < end; begin += PORTION_BYTES) {
        if (atomic_load(&warmer->is_stopped))
            return false;
        size_t size = align_up(size_min(end - begin, PORTION_BYTES), page);
        if (madvise((void *)begin, size, MADV_POPULATE_READ) != 0)
            return false;
    }
    return true;
}

static void *warm_all(void *context)
{
    struct page_warmer *warmer = context;
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), LOWEST_PRIORITY);
    for (size_t i = 0; i < warmer->n_ranges; i++)
        if (!warm_range(warmer, warmer->ranges[i]))
            break;
    return NULL;
}

static uint64_t total_bytes(const struct page_range *ranges, size_t n_ranges)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n_ranges; i++)
        sum += ranges[i].size;
    return sum;
}

void page_warmer_start(struct page_warmer **out, struct page_range *ranges, size_t n_ranges)
{
    struct page_warmer *warmer = memory_zeroed(1, sizeof *warmer);
    *out = warmer;
    if (warmer && ranges && total_bytes(ranges, n_ranges) < available_bytes()) {
        warmer->ranges = ranges;
        warmer->n_ranges = n_ranges;
        if (pthread_create(&warmer->thread, NULL, warm_all, warmer) == 0)
            return;
    }
    memory_free(warmer);
    memory_free(ranges);
    *out = NULL;
}

void page_warmer_stop(struct page_warmer **warmer)
{
    if (!*warmer)
        return;
    atomic_store(&(*warmer)->is_stopped, true);
    pthread_join((*warmer)->thread, NULL);
    memory_free((*warmer)->ranges);
    memory_free(*warmer);
    *warmer = NULL;
}
