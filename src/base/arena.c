#include "base/arena.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>

enum { CHUNK_BYTES = 64 * 1024, ALIGNMENT = 16 };

struct chunk {
    struct chunk *older;
    size_t used, capacity;
    _Alignas(ALIGNMENT) unsigned char data[];
};

struct arena {
    struct chunk *newest;
    size_t used, limit;
};

struct arena *arena_new(size_t limit_bytes)
{
    struct arena *arena = memory_zeroed(1, sizeof *arena);
    if (arena)
        arena->limit = limit_bytes;
    return arena;
}

void arena_free(struct arena **arena)
{
    if (!*arena)
        return;
    for (struct chunk *chunk = (*arena)->newest; chunk;) {
        struct chunk *older = chunk->older;
        memory_free(chunk);
        chunk = older;
    }
    memory_free(*arena);
    *arena = NULL;
}

static struct chunk *add_chunk(struct arena *arena, size_t capacity)
{
    if (capacity > SIZE_MAX - sizeof(struct chunk))
        return NULL;
    struct chunk *chunk = memory_zeroed(1, sizeof *chunk + capacity);
    if (!chunk)
        return NULL;
    chunk->capacity = capacity;
    /* A chunk made for one large piece goes behind the newest, whose rest stays usable. */
    if (arena->newest && capacity > CHUNK_BYTES) {
        chunk->older = arena->newest->older;
        arena->newest->older = chunk;
    } else {
        chunk->older = arena->newest;
        arena->newest = chunk;
    }
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->limit - arena->used || size > SIZE_MAX - ALIGNMENT)
        return NULL;
    size_t room = align_up(size ? size : 1, ALIGNMENT);
    struct chunk *chunk = arena->newest;
    if (!chunk || room > chunk->capacity - chunk->used) {
        chunk = add_chunk(arena, size_max(room, CHUNK_BYTES));
        if (!chunk)
            return NULL;
    }
    void *memory = chunk->data + chunk->used;
    chunk->used += room;
    arena->used += size;
    return memory;
}

void *arena_alloc_array(struct arena *arena, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return NULL;
    return arena_alloc(arena, count * size);
}

char *arena_copy(struct arena *arena, struct slice bytes)
{
    if (bytes.length == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(arena, bytes.length + 1);
    if (copy && bytes.length)
        memcpy(copy, bytes.data, bytes.length);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    char *out = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (out)
        vsnprintf(out, (size_t)length + 1, format, again);
    va_end(again);
    va_end(arguments);
    return out;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}
