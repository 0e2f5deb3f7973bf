#include "formats/gguf.h"

#include "base/memory.h"
#include "formats/gguf_index.h"

static const char magic[4] = { 'G', 'G', 'U', 'F' };

/* Smallest entries: a length, one byte of name and what must follow. */
enum { SMALLEST_VALUE = 8 + 1 + 4 + 1, SMALLEST_TENSOR = 8 + 1 + 4 + 8 + 4 + 8 };

bool gguf_read_string(struct cursor *c, struct slice *out, struct error *err)
{
    uint64_t length;
    const uint8_t *bytes;
    if (!cursor_u64(c, &length, err) || !cursor_bytes(c, length, &bytes, err))
        return false;
    *out = (struct slice){ (const char *)bytes, (size_t)length };
    return true;
}

void *gguf_grow(void *items, size_t used, size_t *capacity, uint64_t count, size_t item_bytes,
                struct error *err)
{
    if (used < *capacity)
        return items;
    size_t larger = size_max(64, *capacity * 2);
    if (larger > count)
        larger = (size_t)count;
    void *moved = memory_resize(items, larger * item_bytes);
    if (moved)
        *capacity = larger;
    else
        fail_memory(err, larger * item_bytes, "the index of a GGUF file");
    return moved;
}

static bool read_version(struct gguf *gguf, struct cursor *c, struct error *err)
{
    const uint8_t *start;
    if (!cursor_bytes(c, sizeof magic, &start, err))
        return fail_while(err, "'%s' is not a GGUF file", gguf->name);
    if (memcmp(start, magic, sizeof magic) != 0)
        return fail(err, ERROR_FORMAT, "'%s' is not a GGUF file: it begins with '%s', not 'GGUF'",
                    gguf->name, printable((struct slice){ (const char *)start, sizeof magic }));
    if (!cursor_u32(c, &gguf->version, err))
        return false;
    if (gguf->version != 0 && (gguf->version & 0xffff) == 0)
        return fail(err, ERROR_UNSUPPORTED, "'%s' is a big-endian GGUF file (version %" PRIu32 ")",
                    gguf->name, gguf->version >> 24);
    if (gguf->version != 2 && gguf->version != 3)
        return fail(err, ERROR_UNSUPPORTED,
                    "'%s' has GGUF version %" PRIu32 ", only 2 and 3 are supported", gguf->name,
                    gguf->version);
    return true;
}

/* A number of entries, against what the rest of the file could hold at most. */
static bool read_count(struct cursor *c, const char *things, size_t smallest, uint64_t *count,
                       struct error *err)
{
    if (!cursor_u64(c, count, err))
        return false;
    if (*count > cursor_left(c) / smallest)
        return fail(err, ERROR_FORMAT,
                    "'%s' claims %" PRIu64 " %s, but the %zu bytes left hold at most %zu", c->what,
                    *count, things, cursor_left(c), cursor_left(c) / smallest);
    return true;
}

static bool read_index(struct gguf *gguf, struct error *err)
{
    struct cursor c = cursor_over(gguf->bytes, gguf->size, gguf->name);
    uint64_t n_tensors, n_values;
    return read_version(gguf, &c, err) &&
           read_count(&c, "tensors", SMALLEST_TENSOR, &n_tensors, err) &&
           read_count(&c, "metadata entries", SMALLEST_VALUE, &n_values, err) &&
           gguf_read_values(gguf, &c, n_values, err) && gguf_read_tensors(gguf, &c, n_tensors, err);
}

/* An index without entries; the bytes are still to be set. */
static struct gguf *new_gguf(const char *name, struct error *err)
{
    struct gguf *gguf = memory_zeroed(1, sizeof *gguf);
    char *copy = memory_zeroed(strlen(name) + 1, 1);
    if (!gguf || !copy) {
        memory_free(gguf);
        memory_free(copy);
        fail_memory(err, sizeof *gguf + strlen(name), "a GGUF file");
        return NULL;
    }
    memcpy(copy, name, strlen(name));
    gguf->name = copy;
    return gguf;
}

bool gguf_open(struct gguf **out, const char *path, struct error *err)
{
    *out = NULL;
    struct gguf *gguf = new_gguf(path, err);
    if (!gguf)
        return false;
    bool ok = mapped_file_open(&gguf->file, path, err);
    if (ok) {
        gguf->bytes = gguf->file->data;
        gguf->size = gguf->file->size;
        ok = read_index(gguf, err);
    }
    if (!ok)
        gguf_close(&gguf);
    *out = gguf;
    return ok;
}

bool gguf_open_memory(struct gguf **out, const void *bytes, size_t size, const char *name,
                      struct error *err)
{
    *out = NULL;
    struct gguf *gguf = new_gguf(name, err);
    if (!gguf)
        return false;
    gguf->bytes = bytes;
    gguf->size = size;
    bool ok = read_index(gguf, err);
    if (!ok)
        gguf_close(&gguf);
    *out = gguf;
    return ok;
}

void gguf_close(struct gguf **gguf)
{
    if (!*gguf)
        return;
    table_release(&(*gguf)->tensor_index);
    table_release(&(*gguf)->value_index);
    memory_free((*gguf)->tensors);
    memory_free((*gguf)->values);
    mapped_file_close(&(*gguf)->file);
    memory_free((*gguf)->name);
    memory_free(*gguf);
    *gguf = NULL;
}

bool gguf_is_gguf(const char *path)
{
    struct mapped_file *file;
    if (!mapped_file_open(&file, path, NULL))
        return false;
    struct cursor c = cursor_over(file->data, file->size, path);
    const uint8_t *start;
    bool is =
        cursor_bytes(&c, sizeof magic, &start, NULL) && memcmp(start, magic, sizeof magic) == 0;
    mapped_file_close(&file);
    return is;
}

const char *gguf_path(const struct gguf *gguf)
{
    return gguf->name;
}

uint32_t gguf_version(const struct gguf *gguf)
{
    return gguf->version;
}

uint64_t gguf_file_bytes(const struct gguf *gguf)
{
    return gguf->size;
}

size_t gguf_n_values(const struct gguf *gguf)
{
    return gguf->n_values;
}

const struct gguf_value *gguf_value_at(const struct gguf *gguf, size_t index)
{
    return index < gguf->n_values ? &gguf->values[index] : NULL;
}

const struct gguf_value *gguf_find(const struct gguf *gguf, const char *key)
{
    uint64_t index;
    return table_get(&gguf->value_index, slice_of(key), &index) ? &gguf->values[index] : NULL;
}

size_t gguf_n_tensors(const struct gguf *gguf)
{
    return gguf->n_tensors;
}

const struct gguf_tensor *gguf_tensor_at(const struct gguf *gguf, size_t index)
{
    return index < gguf->n_tensors ? &gguf->tensors[index] : NULL;
}

const struct gguf_tensor *gguf_tensor(const struct gguf *gguf, struct slice name)
{
    uint64_t index;
    return table_get(&gguf->tensor_index, name, &index) ? &gguf->tensors[index] : NULL;
}
