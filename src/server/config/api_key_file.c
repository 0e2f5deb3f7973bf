#include "server/config/api_key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LEAST_KEY_BYTES = 16, MOST_KEY_BYTES = 1024, RANDOM_BYTES = 32 };

static bool is_key(struct slice key)
{
    for (size_t i = 0; i < key.length; i++)
        if (key.data[i] < '!' || key.data[i] > '~')
            return false;
    return key.length >= LEAST_KEY_BYTES;
}

static bool read_key(int fd, const char *path, struct text *key, struct error *err)
{
    char bytes[MOST_KEY_BYTES + 1];
    ssize_t n = read(fd, bytes, sizeof bytes);
    if (n < 0)
        return fail(err, ERROR_IO, "cannot read '%s': %s", path, strerror(errno));
    while (n > 0 && memchr(" \t\r\n", bytes[n - 1], 4))
        n--;
    if ((size_t)n > MOST_KEY_BYTES || !is_key((struct slice){ bytes, (size_t)n }))
        return fail(err, ERROR_FORMAT,
                    "'%s' holds no key: one line of %d to %d characters without spaces", path,
                    LEAST_KEY_BYTES, MOST_KEY_BYTES);
    return text_append(key, bytes, (size_t)n) || fail_memory(err, (size_t)n, "the API key");
}

static bool check_owner(int fd, const char *path, struct error *err)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return fail(err, ERROR_IO, "cannot look at '%s': %s", path, strerror(errno));
    if (!S_ISREG(s.st_mode))
        return fail(err, ERROR_USAGE, "'%s' is no file that could hold a key", path);
    if (s.st_mode & 077)
        return fail(err, ERROR_USAGE, "others may use '%s': its mode is %o, and must be 600", path,
                    (unsigned)s.st_mode & 0777);
    if (s.st_uid != geteuid() && s.st_uid != 0)
        return fail(err, ERROR_USAGE, "'%s' belongs to user %u, not to %u", path,
                    (unsigned)s.st_uid, (unsigned)geteuid());
    return true;
}

static bool make_key(struct text *key, struct error *err)
{
    unsigned char random[RANDOM_BYTES];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return fail(err, ERROR_IO, "cannot make a key: %s", strerror(errno));
    bool ok = text_append_string(key, "hearth-");
    for (size_t i = 0; ok && i < sizeof random; i++)
        ok = text_printf(key, "%02x", random[i]);
    return ok || fail_memory(err, RANDOM_BYTES, "the API key");
}

/* The folders above, as far as they are missing. */
static void make_folders(const char *path)
{
    char folder[4096];
    if (strlen(path) >= sizeof folder)
        return;
    strcpy(folder, path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0700); /* opening the file tells what is wrong */
        *slash = '/';
    }
}

static bool write_key(const char *path, struct text *key, struct error *err)
{
    make_folders(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(err, ERROR_IO, "cannot make '%s': %s", path, strerror(errno));
    bool ok = make_key(key, err);
    if (ok &&
        (write(fd, key->data, key->length) != (ssize_t)key->length || write(fd, "\n", 1) != 1))
        ok = fail(err, ERROR_IO, "cannot write '%s': %s", path, strerror(errno));
    close(fd);
    if (!ok)
        unlink(path);
    return ok;
}

bool api_key_file_read(const char *path, struct text *key, bool *is_new, struct error *err)
{
    *is_new = false;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) {
        *is_new = true;
        return write_key(path, key, err);
    }
    if (fd < 0)
        return fail(err, ERROR_IO, "cannot open '%s': %s", path, strerror(errno));
    bool ok = check_owner(fd, path, err) && read_key(fd, path, key, err);
    close(fd);
    return ok;
}
