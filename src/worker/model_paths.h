/* model_paths.h: what a worker reads of the file system to load a model.
 *
 * Owns the list of those files and folders. One thread. */
#ifndef MODEL_PATHS_H
#define MODEL_PATHS_H

#include "base/base.h"
#include "base/error.h"

struct model_paths {
    char **paths; /* [count] */
    size_t count;
};

/* `path` as given to weights_open: a file, a folder with what it links to, or the name of a model
 * that is a part of the program, which needs no file. Whether they are there is found out later. To
 * be released also after a failure. */
bool model_paths_find(struct model_paths *out, const char *path, struct error *err) MUST_CHECK;
void model_paths_release(struct model_paths *paths);

#endif
