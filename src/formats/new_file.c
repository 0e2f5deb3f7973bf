#include "formats/new_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct new_file {
    char *path, *temporary, *folder;
    int fd;
    bool is_named; /* `temporary` exists */
};

static bool set_paths(struct new_file *file, const char *path)
{
    size_t room = strlen(path) + 64;
    file->path = memory_zeroed(room, 1);
    file->temporary = memory_zeroed(room, 1);
    file->folder = memory_zeroed(room, 1);
    if (!file->path || !file->temporary || !file->folder)
        return false;
    const char *slash = strrchr(path, '/');
    snprintf(file->path, room, "%s", path);
    snprintf(file->folder, room, "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
    return true;
}

/* Name number `attempt` beside the wanted one. */
static void set_temporary(struct new_file *file, unsigned attempt)
{
    snprintf(file->temporary, strlen(file->path) + 64, "%s.%ld-%u.part", file->path, (long)getpid(),
             attempt);
}

enum { MOST_ATTEMPTS = 100 };

static bool open_descriptor(struct new_file *file, struct error *err)
{
    file->fd = open(file->folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
    for (unsigned i = 0; file->fd < 0 && i < MOST_ATTEMPTS; i++) {
        set_temporary(file, i);
        file->fd = open(file->temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        file->is_named = file->fd >= 0;
        if (file->fd < 0 && errno != EEXIST)
            break;
    }
    return file->fd >= 0 || fail(err, errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO,
                                 "cannot create '%s': %s", file->path, strerror(errno));
}

static bool reserve(struct new_file *file, uint64_t bytes, struct error *err)
{
    /* Other errors mean that the file system cannot reserve. */
    if (bytes == 0 || fallocate(file->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)bytes) == 0 ||
        (errno != ENOSPC && errno != EDQUOT && errno != EFBIG))
        return true;
    return fail(err, ERROR_IO, "cannot reserve %" PRIu64 " bytes for '%s': %s", bytes, file->path,
                strerror(errno));
}

bool new_file_open(struct new_file **out, const char *path, uint64_t expected_bytes,
                   struct error *err)
{
    struct new_file *file = *out = memory_zeroed(1, sizeof *file);
    if (!file)
        return fail_memory(err, sizeof *file, "a new file");
    file->fd = -1;
    bool ok = set_paths(file, path) || fail_memory(err, strlen(path), "a new file");
    ok = ok && open_descriptor(file, err) && reserve(file, expected_bytes, err);
    if (!ok)
        new_file_close(out);
    return ok;
}

bool new_file_append(struct new_file *file, const void *bytes, size_t size, struct error *err)
{
    const char *left = bytes;
    while (size > 0) {
        ssize_t n = write(file->fd, left, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(err, ERROR_IO, "cannot write '%s': %s", file->path, strerror(errno));
        left += n;
        size -= (size_t)n;
    }
    return true;
}

/* A file without a name gets a temporary one: linking cannot replace, renaming can. */
static bool give_temporary_name(struct new_file *file)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", file->fd);
    for (unsigned i = 0; !file->is_named && i < MOST_ATTEMPTS; i++) {
        set_temporary(file, i);
        file->is_named = linkat(AT_FDCWD, self, AT_FDCWD, file->temporary, AT_SYMLINK_FOLLOW) == 0;
        if (!file->is_named && errno != EEXIST)
            return false;
    }
    return file->is_named;
}

bool new_file_finish(struct new_file *file, struct error *err)
{
    if (!give_temporary_name(file) || rename(file->temporary, file->path) != 0)
        return fail(err, ERROR_IO, "cannot give '%s' its name: %s", file->path, strerror(errno));
    file->is_named = false;
    int fd = file->fd;
    file->fd = -1;
    if (close(fd) == 0)
        return true;
    unlink(file->path); /* what a late error of the disk left is not complete */
    return fail(err, ERROR_IO, "cannot close '%s': %s", file->path, strerror(errno));
}

void new_file_close(struct new_file **file)
{
    if (!*file)
        return;
    if ((*file)->is_named)
        unlink((*file)->temporary);
    if ((*file)->fd >= 0)
        close((*file)->fd);
    memory_free((*file)->folder);
    memory_free((*file)->temporary);
    memory_free((*file)->path);
    memory_free(*file);
    *file = NULL;
}
