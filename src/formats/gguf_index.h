/* gguf_index.h: what an open GGUF file knows about itself; private to gguf*.c.
 *
 * Owns the arrays of entries and tensors and the tables of their names, all pointing into the
 * file's bytes. Leaves opening and closing to gguf.c. Used by one thread until it is complete. */
#ifndef GGUF_INDEX_H
#define GGUF_INDEX_H

#include "base/base.h"
#include "base/cursor.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/table.h"
#include "formats/gguf.h"

enum {
    GGUF_ALIGNMENT = 32,              /* when general.alignment is absent */
    GGUF_SMALLEST_ALIGNMENT = 8,      /* the specification's; also what float64 elements need */
    GGUF_LARGEST_ALIGNMENT = 1 << 16, /* a large page; nothing needs more */
    GGUF_LONGEST_NAME = 65535,        /* of keys by the specification; tensor names get the same */
    GGUF_MOST_DIMS = 4,
};

struct gguf {
    struct mapped_file *file; /* NULL when the bytes are somebody else's */
    char *name;
    const uint8_t *bytes;
    size_t size;
    uint32_t version;
    size_t alignment;
    struct gguf_value *values;
    size_t n_values;
    struct table value_index; /* key to number */
    struct gguf_tensor *tensors;
    size_t n_tensors;
    struct table tensor_index; /* name to number */
};

/* Read `count` metadata entries into the index. */
bool gguf_read_values(struct gguf *gguf, struct cursor *c, uint64_t count,
                      struct error *err) MUST_CHECK;

/* Read `count` tensor descriptions and place them in the data that follows. */
bool gguf_read_tensors(struct gguf *gguf, struct cursor *c, uint64_t count,
                       struct error *err) MUST_CHECK;

/* A length and that many bytes. */
bool gguf_read_string(struct cursor *c, struct slice *out, struct error *err) MUST_CHECK;

/* Bytes of one element of the type in the file; 0 for strings and arrays. */
size_t gguf_element_bytes(enum gguf_type type);

/* `items` with room for one more, moved if need be; NULL when memory is out (`items` stays). The
 * array doubles up to `count`: memory follows what the file really holds, not what its header
 * claims. */
void *gguf_grow(void *items, size_t used, size_t *capacity, uint64_t count, size_t item_bytes,
                struct error *err) MUST_CHECK;

#endif
