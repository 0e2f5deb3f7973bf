#include "server/models/model_folder.h"

#include "base/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>

/* Of a folder and those in it together. */
enum { MOST_ENTRIES = 20000, MOST_DEPTH = 1 };

static bool ends_in(struct slice name, const char *ending)
{
    size_t n = strlen(ending);
    return name.length > n && strncasecmp(name.data + name.length - n, ending, n) == 0;
}

struct slice model_name_stem(struct slice name)
{
    if (ends_in(name, ".gguf"))
        name.length -= strlen(".gguf");
    return name;
}

static int64_t modified_ns(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

/* Whether a name can be told in JSON and on a terminal, and is meant to be seen. */
static bool is_presentable(const char *name)
{
    if (name[0] == '.' || strncasecmp(name, "mmproj", strlen("mmproj")) == 0)
        return false;
    for (const char *p = name; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return false;
    return utf8_valid((const uint8_t *)name, strlen(name));
}

struct walk {
    struct arena *arena;
    struct model_file *files;
    size_t n, capacity, n_seen;
};

/* The next entry worth a look; NULL at the end or with *ok false. */
static const struct dirent *next_entry(struct walk *walk, DIR *directory, const char *path,
                                       struct error *err, bool *ok)
{
    const struct dirent *entry;
    while ((entry = readdir(directory))) {
        if (++walk->n_seen > MOST_ENTRIES) {
            *ok = fail(err, ERROR_BUDGET,
                       "'%s' has more than %d entries: point HEARTH_MODELS to a folder of models",
                       path, MOST_ENTRIES);
            return NULL;
        }
        if (is_presentable(entry->d_name))
            return entry;
    }
    return NULL;
}

/* Sums up the files of safetensors; *is_model when there are some, with a configuration. */
static bool look_into(struct walk *walk, const char *path, struct model_file *file, bool *is_model,
                      struct error *err)
{
    bool ok = true, has_config = false, has_tensors = false;
    DIR *directory = opendir(path);
    const struct dirent *entry;
    while (directory && (entry = next_entry(walk, directory, path, err, &ok))) {
        struct stat status;
        bool is_tensors = ends_in(slice_of(entry->d_name), ".safetensors");
        bool is_config = strcmp(entry->d_name, "config.json") == 0;
        if ((!is_tensors && !is_config) ||
            fstatat(dirfd(directory), entry->d_name, &status, 0) != 0 || !S_ISREG(status.st_mode))
            continue;
        has_config |= is_config;
        has_tensors |= is_tensors;
        file->size_bytes += is_tensors ? (uint64_t)status.st_size : 0;
        if (modified_ns(&status) > file->modified_ns)
            file->modified_ns = modified_ns(&status);
    }
    if (directory)
        closedir(directory);
    *is_model = ok && has_config && has_tensors;
    file->is_folder = true;
    return ok;
}

static bool add(struct walk *walk, const struct model_file *file, const char *name,
                struct error *err)
{
    if (walk->n == walk->capacity) {
        size_t capacity = walk->capacity ? 2 * walk->capacity : 64;
        struct model_file *files = arena_alloc_array(walk->arena, capacity, sizeof *files);
        if (!files)
            return fail_memory(err, capacity * sizeof *files, "the list of models");
        if (walk->n)
            memcpy(files, walk->files, walk->n * sizeof *files);
        walk->files = files;
        walk->capacity = capacity;
    }
    struct model_file *added = &walk->files[walk->n++];
    *added = *file;
    struct slice stem = file->is_folder ? slice_of(name) : model_name_stem(slice_of(name));
    added->name = arena_copy(walk->arena, stem);
    return added->name ? true : fail_memory(err, stem.length, "the list of models");
}

static bool walk_folder(struct walk *walk, const char *path, const char *prefix, int depth,
                        struct error *err);

/* One entry: a model, a folder that may hold some, or nothing. */
static bool walk_entry(struct walk *walk, const char *folder, const char *prefix, const char *entry,
                       int depth, struct error *err)
{
    const char *path = arena_printf(walk->arena, "%s/%s", folder, entry);
    const char *name = arena_printf(walk->arena, "%s%s", prefix, entry);
    struct stat status;
    if (!path || !name)
        return fail_memory(err, strlen(folder) + strlen(entry), "the list of models");
    if (stat(path, &status) != 0)
        return true; /* a link to nowhere, or gone already */
    if (S_ISREG(status.st_mode) && ends_in(slice_of(entry), ".gguf"))
        return add(walk,
                   &(struct model_file){ .path = path,
                                         .size_bytes = (uint64_t)status.st_size,
                                         .modified_ns = modified_ns(&status) },
                   name, err);
    if (!S_ISDIR(status.st_mode))
        return true;
    struct model_file file = { .path = path };
    bool is_model;
    if (!look_into(walk, path, &file, &is_model, err))
        return false;
    if (is_model)
        return add(walk, &file, name, err);
    const char *inner = arena_printf(walk->arena, "%s/", name);
    if (!inner)
        return fail_memory(err, strlen(name), "the list of models");
    return depth == MOST_DEPTH || walk_folder(walk, path, inner, depth + 1, err);
}

static bool walk_folder(struct walk *walk, const char *path, const char *prefix, int depth,
                        struct error *err)
{
    DIR *directory = opendir(path);
    if (!directory && (depth > 0 || errno == ENOENT))
        return true;
    if (!directory)
        return fail(err, ERROR_IO, "cannot read the folder of models '%s': %s", path,
                    strerror(errno));
    bool ok = true;
    const struct dirent *entry;
    while (ok && (entry = next_entry(walk, directory, path, err, &ok)))
        ok = walk_entry(walk, path, prefix, entry->d_name, depth, err);
    closedir(directory);
    return ok;
}

bool model_folder_read(struct model_file **out, size_t *n, const char *folder, struct arena *arena,
                       struct error *err)
{
    struct walk walk = { .arena = arena };
    if (!walk_folder(&walk, folder, "", 0, err))
        return false;
    *out = walk.files;
    *n = walk.n;
    return true;
}

/* What stands behind the last '/', trailing ones not counted. */
static struct slice last_part(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    return (struct slice){ path + begin, end - begin };
}

bool model_file_look(struct model_file *out, const char *path, struct arena *arena,
                     struct error *err)
{
    struct walk walk = { .arena = arena };
    struct stat status;
    *out = (struct model_file){ .path = arena_copy(arena, slice_of(path)) };
    if (stat(path, &status) != 0)
        return fail(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "model '%s': %s", path,
                    strerror(errno));
    bool is_model = S_ISREG(status.st_mode);
    if (S_ISDIR(status.st_mode) && !look_into(&walk, path, out, &is_model, err))
        return false;
    if (!is_model)
        return fail(err, ERROR_FORMAT,
                    "'%s' is neither a file nor a folder with config.json and *.safetensors", path);
    if (!out->is_folder) {
        out->size_bytes = (uint64_t)status.st_size;
        out->modified_ns = modified_ns(&status);
    }
    struct slice name = last_part(path);
    out->name = arena_copy(arena, out->is_folder ? name : model_name_stem(name));
    return out->name && out->path ? true : fail_memory(err, name.length, "a model's name");
}
