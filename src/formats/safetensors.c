#include "formats/safetensors.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "base/memory.h"
#include "base/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    MOST_HEADER_BYTES = 100 * 1000 * 1000, /* the format's own limit */
    MOST_SHARDS = 10000,
    MOST_DIMS = 8,
};

static const char index_name[] = "model.safetensors.index.json";

struct safetensors {
    struct mapped_file **shards;
    size_t n_shards;
    uint64_t file_bytes;
    struct arena *names;
    struct safetensor *tensors;
    size_t n_tensors, capacity;
    struct table index; /* name to number */
};

/* One file while it is read. */
struct shard {
    const char *name;
    const uint8_t *data; /* behind the header */
    size_t data_bytes;
};

static const struct type_row {
    const char *name;
    unsigned bits;
    bool is_known;
    enum dtype type;
} types[] = {
    { "F32", 32, true, DTYPE_F32 },
    { "F16", 16, true, DTYPE_F16 },
    { "BF16", 16, true, DTYPE_BF16 },
    { "F64", 64, false, 0 },
    { "I64", 64, false, 0 },
    { "U64", 64, false, 0 },
    { "I32", 32, false, 0 },
    { "U32", 32, false, 0 },
    { "I16", 16, false, 0 },
    { "U16", 16, false, 0 },
    { "I8", 8, false, 0 },
    { "U8", 8, false, 0 },
    { "BOOL", 8, false, 0 },
    { "F8_E4M3", 8, false, 0 },
    { "F8_E5M2", 8, false, 0 },
    { "F8_E8M0", 8, false, 0 },
    { "F4", 4, false, 0 },
    { "C64", 64, false, 0 },
};

static const struct type_row *find_type(struct slice name)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (slice_equal(name, slice_of(types[i].name)))
            return &types[i];
    return NULL;
}

/* A whole number that is not negative. */
static bool read_number(const struct json *node, uint64_t *out)
{
    if (json_kind(node) != JSON_KIND_INTEGER || json_int(node, -1) < 0)
        return false;
    *out = (uint64_t)json_int(node, -1);
    return true;
}

static bool read_shape(const struct json *shape, struct safetensor *tensor, uint64_t *n_elements,
                       struct error *err)
{
    size_t n_dims = json_size(shape);
    if (json_kind(shape) != JSON_KIND_ARRAY || n_dims > MOST_DIMS)
        return fail(err, ERROR_FORMAT, "the shape is no array of at most %d numbers (%zu)",
                    MOST_DIMS, n_dims);
    tensor->n_dims = (uint32_t)n_dims;
    *n_elements = 1;
    bool overflow = false;
    for (size_t i = 0; i < n_dims; i++) {
        if (!read_number(json_at(shape, i), &tensor->dims[i]))
            return fail(err, ERROR_FORMAT, "dimension %zu is not a whole number", i);
        overflow = overflow || __builtin_mul_overflow(*n_elements, tensor->dims[i], n_elements);
    }
    if (overflow)
        return fail(err, ERROR_FORMAT, "the shape has too many elements");
    return true;
}

static bool read_place(const struct json *offsets, const struct shard *shard,
                       struct safetensor *tensor, struct error *err)
{
    uint64_t begin, end;
    if (json_size(offsets) != 2 || !read_number(json_at(offsets, 0), &begin) ||
        !read_number(json_at(offsets, 1), &end))
        return fail(err, ERROR_FORMAT, "data_offsets is not a pair of whole numbers");
    if (begin > end || end > shard->data_bytes)
        return fail(err, ERROR_FORMAT,
                    "its data lies from byte %" PRIu64 " to %" PRIu64
                    ", but the file has %zu bytes of data",
                    begin, end, shard->data_bytes);
    tensor->data = shard->data + begin;
    tensor->size_bytes = (size_t)(end - begin);
    return true;
}

/* Its data must have the size that type and shape ask for. */
static bool check_size(const struct type_row *type, const struct safetensor *tensor,
                       uint64_t n_elements, struct error *err)
{
    uint64_t bits;
    if (!type)
        return true;
    if (!__builtin_mul_overflow(n_elements, type->bits, &bits) && bits % 8 == 0 &&
        bits / 8 == tensor->size_bytes)
        return true;
    return fail(err, ERROR_FORMAT, "%" PRIu64 " elements of %s do not fill its %zu bytes exactly",
                n_elements, type->name, tensor->size_bytes);
}

static bool read_tensor(struct safetensors *st, const struct shard *shard, struct slice name,
                        const struct json *node, struct safetensor *tensor, struct error *err)
{
    uint64_t n_elements = 0;
    struct slice type_name = json_text(json_get(node, "dtype"));
    const struct type_row *type = find_type(type_name);
    if (type_name.length == 0)
        return fail(err, ERROR_FORMAT, "it has no dtype");
    if (!read_shape(json_get(node, "shape"), tensor, &n_elements, err) ||
        !read_place(json_get(node, "data_offsets"), shard, tensor, err) ||
        !check_size(type, tensor, n_elements, err))
        return false;
    tensor->type_known = type && type->is_known;
    tensor->type = tensor->type_known ? type->type : DTYPE_F32;
    tensor->name = (struct slice){ arena_copy(st->names, name), name.length };
    tensor->type_name = (struct slice){ arena_copy(st->names, type_name), type_name.length };
    return (tensor->name.data && tensor->type_name.data) ||
           fail_memory(err, name.length + type_name.length, "a tensor's name");
}

static bool make_room(struct safetensors *st, struct error *err)
{
    if (st->n_tensors < st->capacity)
        return true;
    size_t capacity = size_max(256, st->capacity * 2);
    struct safetensor *moved = memory_resize(st->tensors, capacity * sizeof *moved);
    if (!moved)
        return fail_memory(err, capacity * sizeof *moved, "the index of safetensors");
    st->tensors = moved;
    st->capacity = capacity;
    return true;
}

static bool add_tensor(struct safetensors *st, const struct shard *shard, struct slice name,
                       const struct json *node, struct error *err)
{
    struct safetensor tensor = { 0 };
    if (table_get(&st->index, name, NULL))
        return fail(err, ERROR_FORMAT, "'%s': the tensor '%s' is there twice", shard->name,
                    printable(name));
    if (!make_room(st, err))
        return false;
    if (!read_tensor(st, shard, name, node, &tensor, err))
        return fail_while(err, "'%s': tensor '%s'", shard->name, printable(name));
    if (!table_put(&st->index, tensor.name, st->n_tensors))
        return fail_memory(err, name.length, "a tensor's name");
    st->tensors[st->n_tensors++] = tensor;
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct safetensor *left = a, *right = b;
    if (left->data != right->data)
        return left->data < right->data ? -1 : 1;
    return (left->size_bytes > right->size_bytes) - (left->size_bytes < right->size_bytes);
}

/* Of the tensors from number `first` on, which belong to one file; also puts them in the order of
 * their data, which is the order in which a disk likes to read them. */
static bool sort_by_place(struct safetensors *st, const char *name, size_t first, struct error *err)
{
    if (first == st->n_tensors)
        return true;
    qsort(st->tensors + first, st->n_tensors - first, sizeof *st->tensors, by_place);
    for (size_t i = first; i < st->n_tensors; i++) {
        const struct safetensor *tensor = &st->tensors[i], *before = tensor - 1;
        if (i > first && before->data + before->size_bytes > tensor->data)
            return fail(err, ERROR_FORMAT, "'%s': the tensors '%s' and '%s' overlap by %zu bytes",
                        name, printable(before->name), printable(tensor->name),
                        (size_t)(before->data + before->size_bytes - tensor->data));
        if (!table_put(&st->index, tensor->name, i))
            return fail_memory(err, tensor->name.length, "a tensor's name");
    }
    return true;
}

static bool read_tensors(struct safetensors *st, const struct shard *shard,
                         const struct json *header, struct error *err)
{
    if (json_kind(header) != JSON_KIND_OBJECT)
        return fail(err, ERROR_FORMAT, "'%s': the header is no JSON object", shard->name);
    size_t first = st->n_tensors;
    for (const struct json_member *it = json_first(header); it; it = json_next(header, it)) {
        struct slice name = json_member_key(it);
        if (!slice_equal(name, slice_of("__metadata__")) &&
            !add_tensor(st, shard, name, json_member_value(it), err))
            return false;
    }
    return sort_by_place(st, shard->name, first, err);
}

static bool read_shard(struct safetensors *st, const void *bytes, size_t size, const char *name,
                       struct error *err)
{
    struct cursor c = cursor_over(bytes, size, name);
    uint64_t length;
    const uint8_t *text;
    if (!cursor_u64(&c, &length, err))
        return fail_while(err, "'%s' is not a safetensors file", name);
    if (length > MOST_HEADER_BYTES || length > cursor_left(&c))
        return fail(err, ERROR_FORMAT,
                    "'%s' is not a safetensors file: its header claims %" PRIu64
                    " bytes of %zu left (at most %d are legal)",
                    name, length, cursor_left(&c), MOST_HEADER_BYTES);
    if (!cursor_bytes(&c, length, &text, err))
        return false;
    const struct json *header;
    if (!json_open(&header, (const char *)text, (size_t)length, name, err))
        return fail_while(err, "reading a safetensors header");
    struct shard shard = { name, c.data + c.offset, cursor_left(&c) };
    bool ok = read_tensors(st, &shard, header, err);
    json_close(&header);
    st->file_bytes += size;
    return ok;
}

/* Map and read one more file; there is room for it in st->shards. */
static bool add_shard(struct safetensors *st, const char *path, struct error *err)
{
    struct mapped_file *file;
    if (!mapped_file_open(&file, path, err))
        return false;
    st->shards[st->n_shards++] = file;
    return read_shard(st, file->data, file->size, file->path, err);
}

static struct safetensors *new_safetensors(size_t n_shards, struct error *err)
{
    struct safetensors *st = memory_zeroed(1, sizeof *st);
    if (st) {
        st->shards = memory_zeroed(n_shards, sizeof(struct mapped_file *));
        st->names = arena_new(SIZE_MAX);
    }
    if (st && st->shards && st->names && table_init(&st->index, 512))
        return st;
    safetensors_close(&st);
    fail_memory(err, sizeof *st, "safetensors");
    return NULL;
}

void safetensors_close(struct safetensors **st)
{
    if (!*st)
        return;
    table_release(&(*st)->index);
    memory_free((*st)->tensors);
    arena_free(&(*st)->names);
    for (size_t i = 0; i < (*st)->n_shards; i++)
        mapped_file_close(&(*st)->shards[i]);
    memory_free((*st)->shards);
    memory_free(*st);
    *st = NULL;
}

bool safetensors_open_memory(struct safetensors **out, const void *bytes, size_t size,
                             const char *name, struct error *err)
{
    *out = new_safetensors(1, err);
    if (*out && !read_shard(*out, bytes, size, name, err))
        safetensors_close(out);
    return *out != NULL;
}

static bool open_file(struct safetensors **out, const char *path, struct error *err)
{
    *out = new_safetensors(1, err);
    if (*out && !add_shard(*out, path, err))
        safetensors_close(out);
    return *out != NULL;
}

/* `folder`/`name` in new memory. */
static bool join(char **out, const char *folder, struct slice name, struct error *err)
{
    size_t room = strlen(folder) + name.length + 2;
    *out = memory_zeroed(room, 1);
    if (!*out)
        return fail_memory(err, room, "a path");
    snprintf(*out, room, "%s/%.*s", folder, (int)name.length, name.data);
    return true;
}

/* A plain name of a file in the same folder; nothing that could lead elsewhere. */
static bool is_plain_name(struct slice name)
{
    return name.length > 0 && name.length < 256 && name.data[0] != '.' &&
           !memchr(name.data, '/', name.length) && !memchr(name.data, '\0', name.length) &&
           !memmem(name.data, name.length, "..", 2);
}

/* The distinct files that the index names, with their tensors read. */
static bool open_shards(struct safetensors *st, const char *folder, const char *path,
                        const struct json *map, struct table *seen, struct error *err)
{
    for (const struct json_member *it = json_first(map); it; it = json_next(map, it)) {
        struct slice name = json_text(json_member_value(it));
        char *shard;
        if (!is_plain_name(name))
            return fail(err, ERROR_FORMAT, "'%s': tensor '%s' is said to lie in '%s', no file name",
                        path, printable(json_member_key(it)), printable(name));
        if (table_get(seen, name, NULL))
            continue;
        if (st->n_shards == MOST_SHARDS)
            return fail(err, ERROR_FORMAT, "'%s' names more than %d files", path, MOST_SHARDS);
        if (!table_put(seen, name, st->n_shards))
            return fail_memory(err, name.length, "the names of shards");
        if (!join(&shard, folder, name, err))
            return false;
        bool ok = add_shard(st, shard, err);
        memory_free(shard);
        if (!ok)
            return fail_while(err, "reading a shard named in '%s'", path);
    }
    return true;
}

static bool holds(const struct mapped_file *file, const struct safetensor *tensor)
{
    return tensor->data >= file->data && tensor->data <= file->data + file->size;
}

/* Every tensor of the index must be in the file it is said to be in. */
static bool check_map(const struct safetensors *st, const char *path, const struct json *map,
                      const struct table *seen, struct error *err)
{
    for (const struct json_member *it = json_first(map); it; it = json_next(map, it)) {
        struct slice shard = json_text(json_member_value(it));
        const struct safetensor *tensor = safetensors_find(st, json_member_key(it));
        uint64_t number;
        if (!tensor || !table_get(seen, shard, &number) || !holds(st->shards[number], tensor))
            return fail(err, ERROR_FORMAT, "'%s': tensor '%s' is not in '%s'", path,
                        printable(json_member_key(it)), printable(shard));
    }
    return true;
}

static bool read_index(struct safetensors *st, const char *folder, const char *path,
                       const struct json *index, struct error *err)
{
    const struct json *map = json_get(index, "weight_map");
    if (json_kind(map) != JSON_KIND_OBJECT || json_size(map) == 0)
        return fail(err, ERROR_FORMAT, "'%s' has no weight_map", path);
    struct table seen;
    if (!table_init(&seen, 64))
        return fail_memory(err, 64, "the names of shards");
    bool ok =
        open_shards(st, folder, path, map, &seen, err) && check_map(st, path, map, &seen, err);
    table_release(&seen);
    return ok;
}

static bool open_index(struct safetensors **out, const char *folder, const char *path,
                       struct error *err)
{
    struct mapped_file *file;
    const struct json *index = NULL;
    if (!mapped_file_open(&file, path, err))
        return false;
    bool ok = file->size <= MOST_HEADER_BYTES ||
              fail(err, ERROR_FORMAT, "'%s' has %zu bytes, at most %d are legal", path, file->size,
                   MOST_HEADER_BYTES);
    ok = ok && json_open(&index, (const char *)file->data, file->size, path, err);
    ok = ok && (*out = new_safetensors(MOST_SHARDS, err)) != NULL;
    if (ok && !read_index(*out, folder, path, index, err))
        safetensors_close(out);
    json_close(&index);
    mapped_file_close(&file);
    return *out != NULL;
}

static bool open_folder(struct safetensors **out, const char *folder, struct error *err)
{
    char *single = NULL, *index = NULL;
    bool ok = join(&single, folder, slice_of("model.safetensors"), err) &&
              join(&index, folder, slice_of(index_name), err);
    if (ok && access(single, F_OK) == 0)
        ok = open_file(out, single, err);
    else if (ok && access(index, F_OK) == 0)
        ok = open_index(out, folder, index, err);
    else if (ok)
        ok = fail(err, ERROR_NOT_FOUND, "'%s' holds neither model.safetensors nor %s", folder,
                  index_name);
    memory_free(index);
    memory_free(single);
    return ok;
}

bool safetensors_open(struct safetensors **out, const char *path, struct error *err)
{
    *out = NULL;
    return path_is_directory(path) ? open_folder(out, path, err) : open_file(out, path, err);
}

size_t safetensors_count(const struct safetensors *st)
{
    return st->n_tensors;
}

const struct safetensor *safetensors_at(const struct safetensors *st, size_t index)
{
    return index < st->n_tensors ? &st->tensors[index] : NULL;
}

const struct safetensor *safetensors_find(const struct safetensors *st, struct slice name)
{
    uint64_t index;
    return table_get(&st->index, name, &index) ? &st->tensors[index] : NULL;
}

uint64_t safetensors_file_bytes(const struct safetensors *st)
{
    return st->file_bytes;
}
