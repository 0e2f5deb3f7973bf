#include "base/memory.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

static _Atomic int64_t allocations_left = -1;

static bool may_allocate(void)
{
    if (atomic_load_explicit(&allocations_left, memory_order_relaxed) < 0)
        return true;
    int64_t left = atomic_fetch_sub(&allocations_left, 1);
    if (left > 0)
        return true;
    atomic_store(&allocations_left, -1); /* exactly one fails */
    return false;
}

void *memory_zeroed(size_t count, size_t size)
{
    if (!may_allocate())
        return NULL;
    return calloc(count ? count : 1, size ? size : 1);
}

void *memory_resize(void *old, size_t size)
{
    if (!may_allocate())
        return NULL;
    return realloc(old, size ? size : 1);
}

void *memory_aligned(size_t size)
{
    if (!may_allocate() || size > SIZE_MAX - 64)
        return NULL;
    return aligned_alloc(64, align_up(size ? size : 1, 64));
}

void *memory_huge(size_t size)
{
    static const size_t page = 2 << 20; /* of x86-64 and of arm64 with small pages of 4 KB */
    if (size < page)
        return memory_aligned(size);
    if (!may_allocate() || size > SIZE_MAX - page)
        return NULL;
    void *memory = aligned_alloc(page, align_up(size, page));
    if (memory)
        madvise(memory, size, MADV_HUGEPAGE); /* or not: a wish */
    return memory;
}

char *memory_string(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = memory_zeroed(1, size);
    return copy ? memcpy(copy, string, size) : NULL;
}

void memory_free(void *memory)
{
    free(memory);
}

void memory_free_pages(void *memory, size_t size)
{
    /* The allocator keeps memory of up to 32 MB for later; without its contents it costs nothing.
     */
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = align_up((uintptr_t)memory, page),
              end = ((uintptr_t)memory + size) / page * page;
    if (start < end)
        madvise((void *)start, end - start, MADV_DONTNEED);
    free(memory);
}

void memory_fail_after(int64_t n)
{
    atomic_store(&allocations_left, n);
}

size_t memory_peak_bytes(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return (size_t)usage.ru_maxrss * 1024;
}

size_t memory_resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file)
        return 0;
    unsigned long total = 0, resident = 0;
    int fields = fscanf(file, "%lu %lu", &total, &resident);
    fclose(file);
    return fields == 2 ? (size_t)resident * (size_t)sysconf(_SC_PAGESIZE) : 0;
}
