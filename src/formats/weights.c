#include "formats/weights.h"

#include "base/memory.h"
#include "formats/weights_index.h"

#include <dirent.h>
#include <libgen.h>
#include <stdio.h>

enum {
    MOST_CONFIG_BYTES = 100 * 1000 * 1000,
    MOST_SIDE_FILES = 1000,
    MOST_SIDE_NAME = 255,
};

static const char looked_for[] =
    "a GGUF file, a .safetensors file beside its config.json, or a folder with config.json and "
    "model.safetensors or model.safetensors.index.json";

static bool ends_with(const char *string, const char *end)
{
    size_t length = strlen(string), end_length = strlen(end);
    return length >= end_length && strcmp(string + length - end_length, end) == 0;
}

static bool add(struct weights *w, const struct weight *weight, struct error *err)
{
    if (!table_put(&w->index, weight->name, w->n_items))
        return fail_memory(err, weight->name.length, "a tensor's name");
    w->items[w->n_items++] = *weight;
    return true;
}

static bool make_room(struct weights *w, size_t count, struct error *err)
{
    w->items = memory_zeroed(count, sizeof *w->items);
    return (w->items && table_init(&w->index, count)) ||
           fail_memory(err, count * sizeof *w->items, "the index of tensors");
}

static bool list_gguf(struct weights *w, struct error *err)
{
    size_t count = gguf_n_tensors(w->gguf);
    if (!make_room(w, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct gguf_tensor *tensor = gguf_tensor_at(w->gguf, i);
        struct weight weight = {
            .name = tensor->name,
            .type = tensor->type,
            .row_length = tensor->dims[0],
            .n_rows = tensor->dims[1] * tensor->dims[2] * tensor->dims[3],
            .data = tensor->data,
            .row_bytes = dtype_row_bytes(tensor->type, tensor->dims[0]),
            .size_bytes = tensor->size_bytes,
        };
        if (!add(w, &weight, err))
            return false;
    }
    return true;
}

static bool list_safetensor(struct weights *w, const struct safetensor *tensor, struct error *err)
{
    size_t element = dtype_block_bytes(tensor->type);
    if ((uintptr_t)tensor->data % element != 0)
        return fail(err, ERROR_UNSUPPORTED,
                    "'%s': the data of tensor '%s' is not aligned to its elements of %zu bytes",
                    w->path, printable(tensor->name), element);
    struct weight weight = {
        .name = tensor->name,
        .type = tensor->type,
        .row_length = tensor->n_dims ? tensor->dims[tensor->n_dims - 1] : 1,
        .n_rows = 1,
        .data = tensor->data,
        .size_bytes = tensor->size_bytes,
    };
    for (uint32_t i = 0; i + 1 < tensor->n_dims; i++)
        weight.n_rows *= tensor->dims[i];
    weight.row_bytes = (size_t)weight.row_length * element;
    return add(w, &weight, err);
}

/* Tensors of types that hearth does not compute with (masks, position numbers) and empty ones are
 * no weights. */
static bool list_safetensors(struct weights *w, struct error *err)
{
    size_t count = safetensors_count(w->safetensors);
    if (!make_room(w, count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct safetensor *tensor = safetensors_at(w->safetensors, i);
        if (tensor->type_known && tensor->size_bytes > 0 && !list_safetensor(w, tensor, err))
            return false;
    }
    return true;
}

static bool open_config(struct weights *w, struct error *err)
{
    char *path = arena_printf(w->arena, "%s/config.json", w->folder);
    struct mapped_file *file;
    if (!path)
        return fail_memory(err, strlen(w->folder), "the path of config.json");
    if (!mapped_file_open(&file, path, err))
        return false;
    w->config_path = path;
    bool ok = file->size <= MOST_CONFIG_BYTES ||
              fail(err, ERROR_FORMAT, "'%s' has %zu bytes, at most %d are legal", path, file->size,
                   MOST_CONFIG_BYTES);
    ok = ok && json_open(&w->config, (const char *)file->data, file->size, path, err);
    mapped_file_close(&file);
    if (ok && json_kind(w->config) != JSON_KIND_OBJECT)
        return fail(err, ERROR_FORMAT, "'%s' is no JSON object", path);
    return ok;
}

static bool is_side_file(const char *name)
{
    static const char *const endings[] = { ".json", ".model", ".txt", ".jinja" };
    for (size_t i = 0; i < COUNT_OF(endings); i++)
        if (name[0] != '.' && ends_with(name, endings[i]))
            return true;
    return false;
}

/* Remember which tokenizer and configuration files lie in the folder, so that looking one up later
 * changes nothing. */
static bool list_side_files(struct weights *w, struct error *err)
{
    DIR *folder = opendir(w->folder);
    if (!folder)
        return true; /* its files can be opened though it cannot be listed; none is known then */
    bool ok = true;
    w->side_files = arena_alloc_array(w->arena, MOST_SIDE_FILES, sizeof(char *));
    ok = w->side_files != NULL;
    for (struct dirent *it; ok && w->n_side_files < MOST_SIDE_FILES && (it = readdir(folder));) {
        if (!is_side_file(it->d_name))
            continue;
        char *path = arena_printf(w->arena, "%s/%s", w->folder, it->d_name);
        ok = path != NULL;
        if (ok)
            w->side_files[w->n_side_files++] = path;
    }
    closedir(folder);
    return ok || fail_memory(err, strlen(w->folder) + MOST_SIDE_NAME, "the names of side files");
}

/* `path` is what safetensors_open takes; w->folder is set. */
static bool open_safetensors(struct weights *w, struct error *err)
{
    return open_config(w, err) && safetensors_open(&w->safetensors, w->path, err) &&
           list_safetensors(w, err) && list_side_files(w, err);
}

static bool open_folder(struct weights *w, struct error *err)
{
    w->folder = w->path;
    if (open_safetensors(w, err))
        return true;
    if (err && err->code == ERROR_NOT_FOUND)
        return fail_while(err, "'%s' is no model (looked for %s)", w->path, looked_for);
    return false;
}

static bool open_safetensors_file(struct weights *w, struct error *err)
{
    char *copy = arena_copy(w->arena, slice_of(w->path));
    if (!copy)
        return fail_memory(err, strlen(w->path), "a path");
    w->folder = dirname(copy);
    if (open_safetensors(w, err))
        return true;
    if (err && err->code == ERROR_NOT_FOUND)
        return fail_while(err, "'%s' needs its config.json beside it", w->path);
    return false;
}

/* Neither ending nor beginning say what it is. */
static bool fail_stranger(const char *path, const struct mapped_file *file, struct error *err)
{
    struct slice start = { (const char *)file->data, size_min(file->size, 4) };
    return fail(err, ERROR_FORMAT, "'%s' is no model: it begins with '%s' (looked for %s)", path,
                printable(start), looked_for);
}

static bool open_file(struct weights *w, struct error *err)
{
    struct mapped_file *file;
    if (!mapped_file_open(&file, w->path, err))
        return fail_while(err, "no model at '%s' (looked for %s)", w->path, looked_for);
    bool ok;
    if (file->size >= 4 && memcmp(file->data, "GGUF", 4) == 0)
        ok = gguf_open(&w->gguf, w->path, err) && list_gguf(w, err);
    else if (ends_with(w->path, ".safetensors"))
        ok = open_safetensors_file(w, err);
    else
        ok = fail_stranger(w->path, file, err);
    mapped_file_close(&file);
    return ok;
}

bool weights_open(struct weights **out, const char *path, struct error *err)
{
    struct weights *w = *out = memory_zeroed(1, sizeof *w);
    if (w)
        w->arena = arena_new(SIZE_MAX);
    if (w && w->arena)
        w->path = arena_copy(w->arena, slice_of(path));
    bool ok = (w && w->path) || fail_memory(err, sizeof *w + strlen(path), "a model's weights");
    ok = ok && (path_is_directory(path) ? open_folder(w, err) : open_file(w, err));
    if (!ok)
        weights_close(out);
    return ok;
}

void weights_close(struct weights **weights)
{
    struct weights *w = *weights;
    if (!w)
        return;
    table_release(&w->index);
    memory_free(w->items);
    safetensors_close(&w->safetensors);
    gguf_close(&w->gguf);
    if (w->config)
        json_close(&w->config);
    arena_free(&w->arena);
    memory_free(w);
    *weights = NULL;
}

const char *weights_path(const struct weights *weights)
{
    return weights->path;
}

bool weights_is_gguf(const struct weights *weights)
{
    return weights->gguf != NULL;
}

const struct gguf *weights_gguf(const struct weights *weights)
{
    return weights->gguf;
}

const struct json *weights_config(const struct weights *weights)
{
    return weights->config;
}

uint64_t weights_file_bytes(const struct weights *weights)
{
    return weights->gguf ? gguf_file_bytes(weights->gguf)
                         : safetensors_file_bytes(weights->safetensors);
}

const char *weights_side_file(const struct weights *weights, const char *name)
{
    for (size_t i = 0; i < weights->n_side_files; i++)
        if (strcmp(strrchr(weights->side_files[i], '/') + 1, name) == 0)
            return weights->side_files[i];
    return NULL;
}

const struct weight *weights_find(const struct weights *weights, const char *name)
{
    uint64_t index;
    return table_get(&weights->index, slice_of(name), &index) ? &weights->items[index] : NULL;
}

size_t weights_count(const struct weights *weights)
{
    return weights->n_items;
}

const struct weight *weights_at(const struct weights *weights, size_t index)
{
    return index < weights->n_items ? &weights->items[index] : NULL;
}
