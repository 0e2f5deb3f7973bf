/* gguf.h: reading GGUF files, versions 2 and 3 (source: ggml's GGUF specification).
 *
 * Owns the mapped file and an index of its metadata and tensors; values stay where they lie in the
 * file. Leaves what keys mean to others. Every number in the file is checked when it is opened:
 * afterwards no access can leave the mapping. Opened and closed by one thread, read by any. */
#ifndef GGUF_H
#define GGUF_H

#include "base/base.h"
#include "base/error.h"
#include "quant/dtype.h"

struct gguf;

/* Numbers of the format. */
enum gguf_type {
    GGUF_U8,
    GGUF_I8,
    GGUF_U16,
    GGUF_I16,
    GGUF_U32,
    GGUF_I32,
    GGUF_F32,
    GGUF_BOOL,
    GGUF_STRING,
    GGUF_ARRAY,
    GGUF_U64,
    GGUF_I64,
    GGUF_F64,
};

/* One metadata entry, byte-exact: `bytes` is the value as it lies in the file (after key and type).
 */
struct gguf_value {
    struct slice key;
    enum gguf_type type;         /* GGUF_ARRAY: see element_type */
    enum gguf_type element_type; /* type of the elements, or `type` again for a single value */
    uint64_t count;              /* elements of an array, 1 otherwise */
    const uint8_t *bytes;        /* an array's: its first element; a string's: its length field */
    size_t size_bytes;           /* of all that */
};

struct gguf_tensor {
    struct slice name;
    enum dtype type;
    uint32_t n_dims;  /* 1 to 4 */
    uint64_t dims[4]; /* dims[0] is the contiguous one (a row's length); unused ones are 1 */
    /* in the mapping; NULL in a vocabulary-only view is impossible: size is checked */
    const uint8_t *data;
    size_t size_bytes;
};

bool gguf_open(struct gguf **out, const char *path, struct error *err) MUST_CHECK;
void gguf_close(struct gguf **gguf); /* accepts NULL, leaves NULL */

/* The same over bytes that somebody else owns and keeps until gguf_close; `name` is used in
 * messages. For fuzzing. */
bool gguf_open_memory(struct gguf **out, const void *bytes, size_t size, const char *name,
                      struct error *err) MUST_CHECK;

/* Whether the file begins with GGUF's magic (a cheap look, no error). */
bool gguf_is_gguf(const char *path);

const char *gguf_path(const struct gguf *gguf);
uint32_t gguf_version(const struct gguf *gguf);
uint64_t gguf_file_bytes(const struct gguf *gguf);

size_t gguf_n_values(const struct gguf *gguf);
const struct gguf_value *gguf_value_at(const struct gguf *gguf, size_t index);
const struct gguf_value *gguf_find(const struct gguf *gguf, const char *key); /* NULL when absent */

/* Typed access: true and *out set when the value is there and convertible without loss (any integer
 * type to integer, any number to double); elements of arrays by index. */
bool gguf_as_int(const struct gguf_value *value, uint64_t index, int64_t *out);
bool gguf_as_double(const struct gguf_value *value, uint64_t index, double *out);
bool gguf_as_bool(const struct gguf_value *value, uint64_t index, bool *out);
bool gguf_as_string(const struct gguf_value *value, struct slice *out); /* single string */

/* Walk an array of strings: state starts at 0; false at the end. Each is O(1). */
bool gguf_next_string(const struct gguf_value *array, size_t *state, struct slice *out);

size_t gguf_n_tensors(const struct gguf *gguf);
const struct gguf_tensor *gguf_tensor_at(const struct gguf *gguf, size_t index);
/* NULL when absent */
const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, struct slice name);

#endif
