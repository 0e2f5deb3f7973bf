#include "formats/gguf_writer.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/table.h"
#include "base/text.h"
#include "formats/gguf_index.h"
#include "formats/new_file.h"

enum {
    MOST_METADATA_BYTES = 1 << 30,
    MOST_NAME_BYTES = 256 << 20,
    PORTION_BYTES =
        1 << 20, /* large enough for the system call not to count, small enough for the cache */
};

struct planned_tensor {
    struct slice name;
    enum dtype type;
    uint32_t n_dims;
    uint64_t dims[GGUF_MOST_DIMS], offset, size_bytes;
};

struct gguf_writer {
    struct arena *names; /* of keys and tensors */
    struct table keys, tensor_names;
    struct text metadata; /* as it will lie in the file */
    uint64_t n_values;
    struct planned_tensor *tensors;
    size_t n_tensors, capacity;
    uint64_t data_bytes; /* of all tensors so far, padded */
};

bool gguf_writer_new(struct gguf_writer **out, struct error *err)
{
    struct gguf_writer *w = memory_zeroed(1, sizeof *w);
    *out = w;
    if (w) {
        text_init(&w->metadata, MOST_METADATA_BYTES);
        w->names = arena_new(MOST_NAME_BYTES);
    }
    if (w && w->names && table_init(&w->keys, 32) && table_init(&w->tensor_names, 256))
        return true;
    gguf_writer_free(out);
    return fail_memory(err, sizeof *w, "a GGUF writer");
}

void gguf_writer_free(struct gguf_writer **writer)
{
    struct gguf_writer *w = *writer;
    if (!w)
        return;
    memory_free(w->tensors);
    text_release(&w->metadata);
    table_release(&w->tensor_names);
    table_release(&w->keys);
    arena_free(&w->names);
    memory_free(w);
    *writer = NULL;
}

static bool out_of_room(struct error *err)
{
    return fail_memory(err, MOST_METADATA_BYTES, "the metadata of a GGUF file");
}

/* Only little-endian machines: see block.h. */
static bool put_u32(struct text *text, uint32_t value)
{
    return text_append(text, &value, sizeof value);
}

static bool put_u64(struct text *text, uint64_t value)
{
    return text_append(text, &value, sizeof value);
}

static bool put_string(struct text *text, struct slice string)
{
    return put_u64(text, string.length) && text_append_slice(text, string);
}

/* Remember a name that must be new. */
static bool add_name(struct gguf_writer *w, struct table *table, struct slice name,
                     struct slice *kept, struct error *err)
{
    if (name.length == 0 || name.length > GGUF_LONGEST_NAME)
        return fail(err, ERROR_USAGE, "a name of %zu bytes cannot be written to GGUF", name.length);
    if (table_get(table, name, NULL))
        return fail(err, ERROR_USAGE, "'%s' cannot be written to GGUF twice", printable(name));
    kept->data = arena_copy(w->names, name);
    kept->length = name.length;
    return (kept->data && table_put(table, *kept, 0)) ||
           fail_memory(err, name.length, "a name in a GGUF file");
}

/* Key and type of an entry whose value the caller appends next. */
static bool begin_entry(struct gguf_writer *w, struct slice key, enum gguf_type type,
                        struct error *err)
{
    struct slice kept;
    if (slice_equal(key, slice_of("general.alignment")))
        return fail(err, ERROR_USAGE, "general.alignment is the writer's own: %d", GGUF_ALIGNMENT);
    if (!add_name(w, &w->keys, key, &kept, err))
        return false;
    w->n_values++;
    return (put_string(&w->metadata, key) && put_u32(&w->metadata, type)) || out_of_room(err);
}

static bool write_scalar(struct gguf_writer *w, const char *key, enum gguf_type type,
                         const void *bytes, size_t size, struct error *err)
{
    return begin_entry(w, slice_of(key), type, err) &&
           (text_append(&w->metadata, bytes, size) || out_of_room(err));
}

bool gguf_write_u32(struct gguf_writer *w, const char *key, uint32_t value, struct error *err)
{
    return write_scalar(w, key, GGUF_U32, &value, sizeof value, err);
}

bool gguf_write_f32(struct gguf_writer *w, const char *key, float value, struct error *err)
{
    return write_scalar(w, key, GGUF_F32, &value, sizeof value, err);
}

bool gguf_write_bool(struct gguf_writer *w, const char *key, bool value, struct error *err)
{
    uint8_t byte = value;
    return write_scalar(w, key, GGUF_BOOL, &byte, sizeof byte, err);
}

bool gguf_write_string(struct gguf_writer *w, const char *key, struct slice value,
                       struct error *err)
{
    return begin_entry(w, slice_of(key), GGUF_STRING, err) &&
           (put_string(&w->metadata, value) || out_of_room(err));
}

bool gguf_write_strings(struct gguf_writer *w, const char *key, const struct slice *values,
                        size_t count, struct error *err)
{
    if (!begin_entry(w, slice_of(key), GGUF_ARRAY, err))
        return false;
    bool ok = put_u32(&w->metadata, GGUF_STRING) && put_u64(&w->metadata, count);
    for (size_t i = 0; ok && i < count; i++)
        ok = put_string(&w->metadata, values[i]);
    return ok || out_of_room(err);
}

bool gguf_write_array(struct gguf_writer *w, const char *key, enum gguf_type element_type,
                      const void *values, size_t count, struct error *err)
{
    size_t size = gguf_element_bytes(element_type);
    if (size == 0)
        return fail(err, ERROR_USAGE, "the array '%s' has elements of no fixed size", key);
    return begin_entry(w, slice_of(key), GGUF_ARRAY, err) &&
           ((put_u32(&w->metadata, element_type) && put_u64(&w->metadata, count) &&
             count <= MOST_METADATA_BYTES / size &&
             text_append(&w->metadata, values, count * size)) ||
            out_of_room(err));
}

bool gguf_write_value(struct gguf_writer *w, const struct gguf_value *value, struct error *err)
{
    /* How the other file was padded is no property of the model. */
    if (slice_equal(value->key, slice_of("general.alignment")))
        return true;
    if (!begin_entry(w, value->key, value->type, err))
        return false;
    bool ok = value->type != GGUF_ARRAY ||
              (put_u32(&w->metadata, value->element_type) && put_u64(&w->metadata, value->count));
    return (ok && text_append(&w->metadata, value->bytes, value->size_bytes)) || out_of_room(err);
}

/* Bytes of a tensor of that shape; a shape that cannot be stored is an error. */
static bool measure(const char *name, enum dtype type, const uint64_t *dims, uint32_t n_dims,
                    uint64_t *size_bytes, struct error *err)
{
    if (n_dims == 0 || n_dims > GGUF_MOST_DIMS)
        return fail(err, ERROR_USAGE, "tensor '%s' has %" PRIu32 " dimensions, not 1 to %d", name,
                    n_dims, GGUF_MOST_DIMS);
    size_t block = dtype_block_elements(type);
    if (dims[0] % block != 0)
        return fail(err, ERROR_USAGE,
                    "tensor '%s' has rows of %" PRIu64 " elements, no multiple of %s's block of "
                    "%zu",
                    name, dims[0], dtype_name(type), block);
    uint64_t blocks = dims[0] / block;
    bool overflow = false;
    for (uint32_t i = 1; i < n_dims; i++)
        overflow = overflow || __builtin_mul_overflow(blocks, dims[i], &blocks);
    overflow = overflow || __builtin_mul_overflow(blocks, dtype_block_bytes(type), size_bytes);
    if (overflow || blocks == 0 || *size_bytes > INT64_MAX / 2)
        return fail(err, ERROR_USAGE, "tensor '%s' has no element or far too many", name);
    return true;
}

static bool make_room(struct gguf_writer *w, struct error *err)
{
    if (w->n_tensors < w->capacity)
        return true;
    size_t capacity = size_max(256, w->capacity * 2);
    struct planned_tensor *moved = memory_resize(w->tensors, capacity * sizeof *moved);
    if (!moved)
        return fail_memory(err, capacity * sizeof *moved, "the tensors of a GGUF file");
    w->tensors = moved;
    w->capacity = capacity;
    return true;
}

bool gguf_write_tensor(struct gguf_writer *w, const char *name, enum dtype type,
                       const uint64_t *dims, uint32_t n_dims, struct error *err)
{
    struct planned_tensor tensor = { .type = type, .n_dims = n_dims, .offset = w->data_bytes };
    if (!measure(name, type, dims, n_dims, &tensor.size_bytes, err) || !make_room(w, err))
        return false;
    if (tensor.size_bytes > INT64_MAX / 2 - w->data_bytes)
        return fail(err, ERROR_USAGE, "tensor '%s' makes the file too large", name);
    if (!add_name(w, &w->tensor_names, slice_of(name), &tensor.name, err))
        return false;
    memcpy(tensor.dims, dims, n_dims * sizeof *dims);
    w->data_bytes = align_up(w->data_bytes + tensor.size_bytes, GGUF_ALIGNMENT);
    w->tensors[w->n_tensors++] = tensor;
    return true;
}

static bool put_tensor(struct text *text, const struct planned_tensor *tensor)
{
    bool ok = put_string(text, tensor->name) && put_u32(text, tensor->n_dims);
    for (uint32_t i = 0; ok && i < tensor->n_dims; i++)
        ok = put_u64(text, tensor->dims[i]);
    return ok && put_u32(text, dtype_ggml_number(tensor->type)) && put_u64(text, tensor->offset);
}

/* All that stands before the data, padded. */
static bool make_index(const struct gguf_writer *w, struct text *index)
{
    bool ok = text_append(index, "GGUF", 4) && put_u32(index, 3) && put_u64(index, w->n_tensors) &&
              put_u64(index, w->n_values) && text_append_slice(index, text_slice(&w->metadata));
    for (size_t i = 0; ok && i < w->n_tensors; i++)
        ok = put_tensor(index, &w->tensors[i]);
    while (ok && index->length % GGUF_ALIGNMENT != 0)
        ok = text_append_byte(index, '\0');
    return ok;
}

struct filling {
    gguf_fill *fill;
    void *context;
    uint8_t *portion;
    size_t portion_bytes;
};

static bool write_data(const struct gguf_writer *w, size_t i, const struct filling *f,
                       struct new_file *file, struct error *err)
{
    static const uint8_t padding[GGUF_ALIGNMENT];
    uint64_t size = w->tensors[i].size_bytes;
    for (uint64_t offset = 0; offset < size;) {
        size_t n = size - offset < f->portion_bytes ? (size_t)(size - offset) : f->portion_bytes;
        if (!f->fill(f->context, i, offset, f->portion, n, err))
            return fail_while(err, "filling tensor '%s'", printable(w->tensors[i].name));
        if (!new_file_append(file, f->portion, n, err))
            return false;
        offset += n;
    }
    return new_file_append(file, padding, align_up(size, GGUF_ALIGNMENT) - size, err);
}

bool gguf_writer_finish(struct gguf_writer *w, const char *path, size_t portion_bytes,
                        gguf_fill *fill, void *context, struct error *err)
{
    struct new_file *file = NULL;
    struct text index;
    text_init(&index, SIZE_MAX / 4);
    portion_bytes = size_max(portion_bytes, 1);
    portion_bytes *= size_max(PORTION_BYTES / portion_bytes, 1);
    struct filling filling = { fill, context, memory_aligned(portion_bytes), portion_bytes };
    bool ok = (filling.portion && make_index(w, &index)) ||
              fail_memory(err, portion_bytes + index.length, "writing a GGUF file");
    ok = ok && new_file_open(&file, path, index.length + w->data_bytes, err) &&
         new_file_append(file, index.data, index.length, err);
    for (size_t i = 0; ok && i < w->n_tensors; i++)
        ok = write_data(w, i, &filling, file, err);
    ok = ok && new_file_finish(file, err);
    new_file_close(&file);
    memory_free(filling.portion);
    text_release(&index);
    return ok;
}
