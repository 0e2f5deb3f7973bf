/* weights_index.h: what open weights know; private to weights*.c.
 *
 * Owns the open files and the list of tensors. Leaves opening to weights.c, configuration to
 * weights_config.c. */
#ifndef WEIGHTS_INDEX_H
#define WEIGHTS_INDEX_H

#include "base/arena.h"
#include "base/base.h"
#include "base/mapped_file.h"
#include "base/table.h"
#include "formats/safetensors.h"
#include "formats/weights.h"

struct weights {
    struct arena *arena;
    const char *path;
    struct gguf *gguf; /* or NULL and: */
    struct safetensors *safetensors;
    const struct json *config;
    const char *folder, *config_path;
    char **side_files; /* paths */
    size_t n_side_files;
    struct weight *items;
    size_t n_items;
    struct table index; /* name to number */
};

#endif
