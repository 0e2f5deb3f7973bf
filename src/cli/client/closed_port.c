#include "cli/client/closed_port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static bool read_address(const char *url, struct sockaddr_in *out)
{
    char host[INET_ADDRSTRLEN];
    unsigned port;
    if (sscanf(url, "http://%15[0-9.]:%5u", host, &port) != 2 || port > UINT16_MAX)
        return false;
    *out = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    return inet_pton(AF_INET, host, &out->sin_addr) == 1 &&
           ntohl(out->sin_addr.s_addr) >> 24 == 127;
}

bool port_is_closed(const char *url)
{
    struct sockaddr_in address;
    if (!read_address(url, &address))
        return false;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), reason = 0;
    if (fd < 0)
        return false;
    /* on this machine the answer is there when the call returns, it only has to be asked for */
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) != 0)
        reason = errno;
    socklen_t length = sizeof reason;
    if (reason == EINPROGRESS && poll(&(struct pollfd){ fd, POLLOUT, 0 }, 1, 0) == 1)
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &reason, &length);
    close(fd);
    return reason == ECONNREFUSED;
}
