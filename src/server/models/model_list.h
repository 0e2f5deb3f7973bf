/* model_list.h: which models there are, by name.
 *
 * Owns the way from a name to a file or folder: those named on the command line, those under one
 * folder (HEARTH_MODELS, model_folder.h), and those that are a part of the program; where two have
 * one name, the first of these counts. Looks at the folder anew when asked. Never opens a model:
 * what is in it is known once a worker has told. Leaves the store of pulled models to a room of its
 * own. Any thread. */
#ifndef MODEL_LIST_H
#define MODEL_LIST_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

struct model_list;
struct json;

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

/* The file of a name: with or without ":latest", ".gguf" and the folder it lies in, letters of any
 * case. A name is compared with what is there and never becomes a path, so it cannot leave the
 * folder. ERROR_NOT_FOUND: "model 'X' not found". `name` becomes the model's own name
 * ("qwen2.5-7b:latest"), `path` what a worker opens. */
bool model_list_find(struct model_list *list, struct slice wanted, struct text *name,
                     struct text *path, struct error *err) MUST_CHECK;

struct listed_model {
    const char *name, *path;
    uint64_t size_bytes;
    int64_t modified_ns; /* of the wall clock */
    const char *format;  /* "gguf", "safetensors" */
    const char *digest;  /* 64 hexadecimal digits that change when the file does (path, size, time);
                            the same in every process */
    /* learned when this file was loaded; "" or 0 before */
    const char *architecture, *quantization;
    const char *capabilities; /* "completion,tools" */
    uint64_t n_parameters;
    uint32_t n_ctx_train, n_embd;
};

/* `info` (docs/worker.md, READY) of the model of that name, kept while its file stays as it is. */
void model_list_learn(struct model_list *list, const char *name, const struct json *info);

/* Newest first. `visit` is called under a lock: it must not call the list. */
bool model_list_visit(struct model_list *list,
                      void (*visit)(void *context, const struct listed_model *model), void *context,
                      struct error *err) MUST_CHECK;

#endif
