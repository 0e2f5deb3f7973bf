/* arena.h: memory that is given back all at once.
 *
 * Owns a chain of chunks and an upper limit on their sum. Leaves to callers whose lifetime the
 * arena has (model, request, step). One thread at a time. */
#ifndef ARENA_H
#define ARENA_H

#include "base/base.h"

struct arena;

/* An empty arena that will hold at most `limit_bytes`; NULL when memory is out. */
struct arena *arena_new(size_t limit_bytes) MUST_CHECK;
void arena_free(struct arena **arena); /* accepts NULL, leaves NULL */

/* Zeroed memory aligned to 16 bytes; NULL when memory or the limit is used up or the product
 * overflows. */
void *arena_alloc(struct arena *arena, size_t size) MUST_CHECK;
void *arena_alloc_array(struct arena *arena, size_t count, size_t size) MUST_CHECK;

/* Copies that end in a NUL byte; NULL as above. */
char *arena_copy(struct arena *arena, struct slice bytes) MUST_CHECK;
char *arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3) MUST_CHECK;

/* Bytes handed out so far. */
size_t arena_used(const struct arena *arena);

#endif
