#include "worker/model_paths.h"

#include "base/mapped_file.h"
#include "base/memory.h"
#include "base/slice_text.h"

#include <dirent.h>
#include <sys/stat.h>

enum { MOST_PATHS = 4096 };

/* `folder` and `name`, joined; `name` may be "". */
static bool add(struct model_paths *p, struct slice folder, const char *name, struct error *err)
{
    size_t size = folder.length + strlen(name) + 2;
    char **paths = memory_resize(p->paths, (p->count + 1) * sizeof *paths);
    if (paths)
        p->paths = paths;
    char *path = paths ? memory_zeroed(size, 1) : NULL;
    if (!path)
        return fail_memory(err, size, "a path");
    memcpy(path, folder.data, folder.length);
    if (*name) {
        path[folder.length] = '/';
        strcpy(path + folder.length + 1, name);
    }
    p->paths[p->count++] = path;
    return true;
}

static bool is_link(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

/* What lies in the folder is allowed with it; what its links point to lies elsewhere. */
static bool keep_link(struct model_paths *p, struct error *err)
{
    char *last = p->paths[p->count - 1];
    if (!is_link(last)) {
        memory_free(last);
        p->count--;
    }
    return p->count <= MOST_PATHS ||
           fail(err, ERROR_BUDGET, "the folder '%s' has more than %d links", p->paths[0],
                MOST_PATHS);
}

static bool add_folder(struct model_paths *p, struct slice folder, struct error *err)
{
    if (!add(p, folder, "", err))
        return false;
    DIR *entries = opendir(p->paths[p->count - 1]);
    bool ok = true;
    struct dirent *entry;
    while (ok && entries && (entry = readdir(entries)))
        ok = add(p, folder, entry->d_name, err) && keep_link(p, err);
    if (entries)
        closedir(entries);
    return ok;
}

/* Of a file; "." without any slash. */
static struct slice folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return slice_of(".");
    return slash == path ? slice_of("/") : (struct slice){ path, (size_t)(slash - path) };
}

bool model_paths_find(struct model_paths *out, const char *path, struct error *err)
{
    *out = (struct model_paths){ 0 };
    if (is_provided_file(path))
        return true;
    if (path_is_directory(path))
        return add_folder(out, slice_of(path), err);
    if (ends_with(slice_of(path), ".safetensors")) /* read with what lies beside it */
        return add_folder(out, folder_of(path), err);
    return add(out, slice_of(path), "", err);
}

void model_paths_release(struct model_paths *p)
{
    for (size_t i = 0; i < p->count; i++)
        memory_free(p->paths[i]);
    memory_free(p->paths);
    *p = (struct model_paths){ 0 };
}
