#include "base/mapped_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static bool map_open(struct mapped_file *file, int fd, struct error *err)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return fail(err, ERROR_IO, "cannot read '%s': %s", file->path, strerror(errno));
    if (S_ISDIR(status.st_mode))
        return fail(err, ERROR_IO, "cannot read '%s': it is a directory", file->path);
    if (!S_ISREG(status.st_mode))
        return fail(err, ERROR_IO, "cannot read '%s': it is not a regular file", file->path);
    if (status.st_size == 0)
        return fail(err, ERROR_FORMAT, "cannot read '%s': the file is empty", file->path);
    void *data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (data == MAP_FAILED)
        return fail(err, ERROR_IO, "cannot map '%s' (%jd bytes): %s", file->path,
                    (intmax_t)status.st_size, strerror(errno));
    file->data = data;
    file->size = (size_t)status.st_size;
    return true;
}

static const struct provided_file *provided;
static size_t n_provided;

void mapped_file_provide(const struct provided_file *files, size_t n)
{
    provided = files;
    n_provided = n;
}

static const struct provided_file *find_provided(const char *path)
{
    for (size_t i = 0; i < n_provided; i++)
        if (strcmp(provided[i].name, path) == 0)
            return &provided[i];
    return NULL;
}

bool is_provided_file(const char *name)
{
    return find_provided(name) != NULL;
}

static bool open_path(struct mapped_file *file, struct error *err)
{
    const struct provided_file *own = find_provided(file->path);
    if (own) {
        file->data = own->data;
        file->size = own->size;
        file->is_provided = true;
        return true;
    }
    /* O_NONBLOCK: opening a FIFO without a writer must not hang. */
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return fail(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO, "cannot open '%s': %s",
                    file->path, strerror(errno));
    bool ok = map_open(file, fd, err);
    close(fd);
    return ok;
}

bool mapped_file_open(struct mapped_file **out, const char *path, struct error *err)
{
    *out = NULL;
    struct mapped_file *file = memory_zeroed(1, sizeof *file);
    char *copy = memory_zeroed(strlen(path) + 1, 1);
    if (!file || !copy) {
        memory_free(file);
        memory_free(copy);
        return fail_memory(err, sizeof *file + strlen(path), "a mapped file");
    }
    memcpy(copy, path, strlen(path));
    file->path = copy;
    if (!open_path(file, err)) {
        mapped_file_close(&file);
        return false;
    }
    *out = file;
    return true;
}

void mapped_file_close(struct mapped_file **file)
{
    if (!*file)
        return;
    if ((*file)->data && !(*file)->is_provided)
        munmap((void *)(uintptr_t)(*file)->data, (*file)->size);
    memory_free((*file)->path);
    memory_free(*file);
    *file = NULL;
}

bool path_is_directory(const char *path)
{
    struct stat status;
    return !find_provided(path) && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}
