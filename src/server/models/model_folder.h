/* model_folder.h: the models that lie in a folder, as far as the file system tells.
 *
 * Owns what counts as a model: a file NAME.gguf, or a folder with config.json and *.safetensors;
 * right in the folder or one folder deeper. Hidden names, names that are no text and projectors
 * (mmproj*) are passed over. Never reads a file: bytes of models are for workers. Any thread. */
#ifndef MODEL_FOLDER_H
#define MODEL_FOLDER_H

#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"

struct model_file {
    const char *name; /* below the folder, without ".gguf": "qwen", "sub/qwen" */
    const char *path;
    uint64_t size_bytes;
    int64_t modified_ns; /* of the wall clock */
    bool is_folder;      /* safetensors */
};

/* All models of a folder, in no order; a folder that is not there has none. Everything is from the
 * arena. ERROR_BUDGET when there are too many entries to look at. */
bool model_folder_read(struct model_file **out, size_t *n, const char *folder, struct arena *arena,
                       struct error *err) MUST_CHECK;

/* The one at a path, whatever a file is called; its name is the last part of the path. */
bool model_file_look(struct model_file *out, const char *path, struct arena *arena,
                     struct error *err) MUST_CHECK;

/* Without ".gguf", in letters of any case. */
struct slice model_name_stem(struct slice name);

#endif
