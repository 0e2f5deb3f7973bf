/* safetensors.h: reading safetensors files, single or sharded with an index (source: the format's
 * README).
 *
 * Owns the mapped shards. Leaves the names' meaning to others. Everything is checked when opened.
 */
#ifndef SAFETENSORS_H
#define SAFETENSORS_H

#include "base/base.h"
#include "base/error.h"
#include "quant/dtype.h"

struct safetensors;

struct safetensor {
    struct slice name;
    struct slice type_name; /* as written: "F32", "BF16", "U32", ... */
    bool type_known;        /* F32, F16 or BF16: `type` is valid */
    enum dtype type;
    uint32_t n_dims;  /* 0 to 8 */
    uint64_t dims[8]; /* as written: the last one is contiguous */
    const uint8_t *data;
    size_t size_bytes;
};

/* `path`: a .safetensors file, or a directory with model.safetensors or
 * model.safetensors.index.json. Shard names in an index must stay inside the directory. */
bool safetensors_open(struct safetensors **out, const char *path, struct error *err) MUST_CHECK;
void safetensors_close(struct safetensors **st); /* accepts NULL, leaves NULL */

/* One file's bytes that somebody else owns. For fuzzing. */
bool safetensors_open_memory(struct safetensors **out, const void *bytes, size_t size,
                             const char *name, struct error *err) MUST_CHECK;

size_t safetensors_count(const struct safetensors *st);
const struct safetensor *safetensors_at(const struct safetensors *st, size_t index);
const struct safetensor *safetensors_find(const struct safetensors *st, struct slice name);
uint64_t safetensors_file_bytes(const struct safetensors *st);

#endif
