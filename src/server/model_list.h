/* model_list.h: which models there are, by name.
 *
 * Owns the way from a name to a file or folder: those under one folder (HEARTH_MODELS), those named
 * on the command line, and those that are a part of the program. Looks at the folder anew when
 * asked. Leaves the store of pulled models to a room of its own. Any thread. */
#ifndef MODEL_LIST_H
#define MODEL_LIST_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

struct model_list;

struct model_list_options {
    const char *folder; /* NULL: none */
    const char *const
        *paths; /* [n_paths] of the command line; known by file name without .gguf, and as given */
    size_t n_paths;
    const char *const *shipped; /* [n_shipped] names of models inside the program */
    size_t n_shipped;
};
bool model_list_open(struct model_list **out, const struct model_list_options *options,
                     struct error *err) MUST_CHECK;
void model_list_close(struct model_list **list);

/* The file of a name: with or without ":latest" and ".gguf", letters of any case. Never leaves the
 * folder. ERROR_NOT_FOUND: "model 'X' not found". `name` becomes the model's own name
 * ("qwen2.5-7b:latest"), `path` what a worker opens. */
bool model_list_find(struct model_list *list, struct slice wanted, struct text *name,
                     struct text *path, struct error *err) MUST_CHECK;

struct listed_model {
    const char *name, *path;
    uint64_t size_bytes;
    int64_t modified_ns; /* of the wall clock */
    const char *format;  /* "gguf", "safetensors" */
    /* from the file's first bytes, "" or 0 where it cannot be read */
    const char *architecture, *quantization;
    uint64_t n_parameters;
    uint32_t n_ctx_train, n_embd;
    const char
        *digest; /* 64 hexadecimal digits that change when the file does (path, size, time) */
};
/* Newest first. */
bool model_list_visit(struct model_list *list,
                      void (*visit)(void *context, const struct listed_model *model), void *context,
                      struct error *err) MUST_CHECK;

#endif
