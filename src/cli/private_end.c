#include "cli/private_end.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

static bool make_key(char key[PRIVATE_KEY_BYTES], struct error *err)
{
    unsigned char random[(PRIVATE_KEY_BYTES - 1) / 2];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return fail(err, ERROR_IO, "cannot make a key: %s", strerror(errno));
    for (size_t i = 0; i < sizeof random; i++)
        snprintf(key + 2 * i, 3, "%02x", random[i]);
    return true;
}

bool private_end_init(struct private_end *end, int fd, struct error *err)
{
    *end = (struct private_end){ .fd = fd };
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return fail(err, ERROR_USAGE, "--private-fd: file %d: %s", fd, strerror(errno));
    return make_key(end->key, err);
}

bool private_end_set(const struct private_end *end, struct server_settings *settings,
                     struct error *err)
{
    const struct {
        const char *name, *value;
    } own[] = {
        { "host", "127.0.0.1:0" }, { "api_key", end->key }, { "models", "" },
        { "keep_alive", "-1" },    { "origins", "" },       { "shutdown_timeout", "0" },
    };
    bool ok = true;
    for (size_t i = 0; ok && i < COUNT_OF(own); i++)
        ok = server_settings_flag(settings, own[i].name, own[i].value, err);
    return ok;
}

/* In one piece: whoever reads it needs no more patience than for its first byte. */
static bool tell(const struct private_end *end, const char *line, size_t length)
{
    ssize_t n;
    while ((n = write(end->fd, line, length)) < 0 && errno == EINTR)
        continue;
    return n == (ssize_t)length;
}

bool private_end_tell_port(const struct private_end *end, uint16_t port, struct error *err)
{
    char line[PRIVATE_LINE_BYTES];
    int length = snprintf(line, sizeof line, "%u %s\n", port, end->key);
    if (tell(end, line, (size_t)length))
        return true;
    return fail(err, ERROR_IO, "cannot tell the port to file %d: %s", end->fd, strerror(errno));
}

void private_end_tell_error(const struct private_end *end, const char *message)
{
    char line[PRIVATE_LINE_BYTES];
    int length = snprintf(line, sizeof line, "Error: %s\n", message);
    (void)tell(end, line, size_min((size_t)length, sizeof line - 1)); /* it may be gone already */
}

bool private_end_is_closed(const struct private_end *end, short events)
{
    char byte;
    if (events & (POLLHUP | POLLERR | POLLNVAL))
        return true;
    return (events & POLLIN) && read(end->fd, &byte, 1) == 0;
}
