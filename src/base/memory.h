/* memory.h: the allocations of hearth's own code.
 *
 * Owns the one door to malloc, so that tests can make the n-th allocation fail, and the process's
 * memory figures. Leaves lifetimes to arena.h and buffers. Any thread. */
#ifndef MEMORY_H
#define MEMORY_H

#include "base/base.h"

/* Zeroed memory of `count * size` bytes, or NULL (also when the product overflows). */
void *memory_zeroed(size_t count, size_t size) MUST_CHECK;

/* realloc with the same rules. */
void *memory_resize(void *old, size_t size) MUST_CHECK;

/* Memory aligned to 64 bytes (a cache line, a vector register); not zeroed. Free with memory_free.
 */
void *memory_aligned(size_t size) MUST_CHECK;

/* The same, in huge pages where the system has them and `size` is worth one: for what is read in
 * pieces that lie far apart. */
void *memory_huge(size_t size) MUST_CHECK;

/* A copy of a string, or NULL. */
char *memory_string(const char *string) MUST_CHECK;

void memory_free(void *memory); /* accepts NULL */

/* The same for large memory, of which the system has back what it can at once. */
void memory_free_pages(void *memory, size_t size);

/* For tests: let `n` more allocations of any thread succeed and the one after fail; negative: never
 * fail. */
void memory_fail_after(int64_t n);

/* Largest and present resident size of this process in bytes; 0 where the system does not tell. */
size_t memory_peak_bytes(void);
size_t memory_resident_bytes(void);

#endif
