#include "requantized_model.h"

#include "base/memory.h"
#include "formats/gguf.h"
#include "formats/gguf_writer.h"
#include "quant/quantize.h"

#include <stdlib.h>
#include <unistd.h>

/* Elements converted at a time: whole blocks of every type. */
enum { PIECE = 256, LONGEST_NAME = 128 };

struct requantized_model {
    char path[40];
};

struct requantizing {
    const struct gguf *source;
    enum dtype type;
};

static bool is_matrix(const struct gguf_tensor *t)
{
    return t->n_dims > 1;
}

static bool fill_tensor(void *context, size_t index, uint64_t offset, void *out, size_t size,
                        struct error *err __attribute__((unused)))
{
    const struct requantizing *r = context;
    const struct gguf_tensor *t = gguf_tensor_at(r->source, index);
    if (!is_matrix(t)) {
        memcpy(out, t->data + offset, size);
        return true;
    }
    float piece[PIECE];
    size_t to_bytes = dtype_row_bytes(r->type, PIECE), from_bytes = dtype_row_bytes(t->type, PIECE);
    const uint8_t *from = t->data + offset / to_bytes * from_bytes;
    for (size_t done = 0; done < size; done += to_bytes, from += from_bytes) {
        dequantize_row(t->type, from, piece, PIECE);
        quantize_row(r->type, piece, (uint8_t *)out + done, PIECE);
    }
    return true;
}

static bool announce(struct gguf_writer *w, const struct gguf_tensor *t, enum dtype type,
                     struct error *err)
{
    char name[LONGEST_NAME];
    if (t->name.length >= sizeof name)
        return fail(err, ERROR_FORMAT, "a tensor's name has %zu bytes, at most %zu are expected",
                    t->name.length, sizeof name - 1);
    if (is_matrix(t) && t->dims[0] % PIECE)
        return fail(err, ERROR_UNSUPPORTED, "rows of %" PRIu64 " elements are no multiple of %d",
                    t->dims[0], PIECE);
    memcpy(name, t->name.data, t->name.length);
    name[t->name.length] = '\0';
    return gguf_write_tensor(w, name, is_matrix(t) ? type : t->type, t->dims, t->n_dims, err);
}

static bool write_file(const struct requantizing *r, const char *path, struct error *err)
{
    struct gguf_writer *w = NULL;
    bool ok = gguf_writer_new(&w, err);
    for (size_t i = 0; ok && i < gguf_n_values(r->source); i++)
        ok = gguf_write_value(w, gguf_value_at(r->source, i), err);
    for (size_t i = 0; ok && i < gguf_n_tensors(r->source); i++)
        ok = announce(w, gguf_tensor_at(r->source, i), r->type, err);
    ok = ok &&
         gguf_writer_finish(w, path, dtype_row_bytes(r->type, PIECE), fill_tensor, (void *)r, err);
    gguf_writer_free(&w);
    return ok;
}

bool requantized_model_new(struct requantized_model **out, const char *path, enum dtype type,
                           struct error *err)
{
    struct gguf *source = NULL;
    *out = NULL;
    struct requantized_model *m = memory_zeroed(1, sizeof *m);
    if (!m)
        return fail_memory(err, sizeof *m, "a requantized model");
    strcpy(m->path, "/tmp/hearth-requantized-XXXXXX");
    int fd = mkstemp(m->path);
    if (fd < 0) {
        memory_free(m);
        return fail(err, ERROR_IO, "cannot make a temporary file");
    }
    close(fd);
    bool ok = gguf_open(&source, path, err);
    ok = ok && write_file(&(struct requantizing){ source, type }, m->path, err);
    gguf_close(&source);
    if (ok)
        *out = m;
    else
        requantized_model_free(&m);
    return ok;
}

void requantized_model_free(struct requantized_model **model)
{
    if (!*model)
        return;
    unlink((*model)->path);
    memory_free(*model);
    *model = NULL;
}

const char *requantized_model_path(const struct requantized_model *model)
{
    return model->path;
}
