#include "server/http/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* Files that are none of connections: models, logs, sockets of workers. */
enum { OTHER_FILES = 128, BACKLOG = 4096 };

static int listen_on(const struct addrinfo *where)
{
    int yes = 1, no = 0;
    int fd = socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (where->ai_family == AF_INET6) /* "::" is IPv4 as well */
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
    if (bind(fd, where->ai_addr, where->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int code = errno;
    close(fd);
    errno = code;
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage address = { 0 };
    socklen_t length = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &length) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static bool open_address(struct listener *out, const char *address, uint16_t port,
                         struct error *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
                                    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
    struct addrinfo *found = NULL;
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    int code = getaddrinfo(address, service, &hints, &found);
    if (code != 0)
        return fail(err, ERROR_USAGE, "'%s' is no address to listen on: %s", address,
                    gai_strerror(code));
    out->fd = -1;
    for (struct addrinfo *i = found; i && out->fd < 0; i = i->ai_next) {
        out->is_ipv6 = i->ai_family == AF_INET6;
        out->fd = listen_on(i);
    }
    code = errno;
    freeaddrinfo(found);
    if (out->fd < 0)
        return fail(err, ERROR_IO, "cannot listen on %s, port %u: %s%s", address, port,
                    strerror(code),
                    code == EADDRINUSE ? " (is hearth or ollama running already?)" : "");
    out->port = port_of(out->fd);
    return true;
}

bool listener_open(struct listener *out, const char *address, uint16_t port, struct error *err)
{
    if (address[0] != '\0')
        return open_address(out, address, port, err);
    return open_address(out, "::", port, NULL) || open_address(out, "0.0.0.0", port, err);
}

unsigned listener_limit(size_t most_connections)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return (unsigned)size_min(most_connections, 512);
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        getrlimit(RLIMIT_NOFILE, &files);
    size_t n_files = files.rlim_cur > UINT32_MAX / 2 ? UINT32_MAX / 2 : (size_t)files.rlim_cur;
    size_t possible = n_files > 2 * OTHER_FILES ? n_files - OTHER_FILES : n_files / 2;
    return (unsigned)size_max(1, size_min(most_connections, possible));
}
