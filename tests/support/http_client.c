#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

int client_connect(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

bool client_send_bytes(int fd, const void *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        ssize_t n = send(fd, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        sent += (size_t)n;
    }
    return true;
}

bool client_send(int fd, const char *text)
{
    return client_send_bytes(fd, text, strlen(text));
}

/* 1: more was read, 0: closed, -1: nothing came. */
static int read_more(int fd, struct text *out, int milliseconds)
{
    char bytes[65536];
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    if (poll(&ready, 1, milliseconds) <= 0)
        return -1;
    ssize_t n = recv(fd, bytes, sizeof bytes, 0);
    if (n <= 0)
        return 0;
    return text_append(out, bytes, (size_t)n) ? 1 : -1;
}

bool client_read_all(int fd, struct text *out, int milliseconds)
{
    int state;
    while ((state = read_more(fd, out, milliseconds)) > 0)
        ;
    return state == 0;
}

bool client_read_until(int fd, struct text *out, const char *end, int milliseconds)
{
    while (!out->data || !strstr(out->data, end))
        if (read_more(fd, out, milliseconds) <= 0)
            return false;
    return true;
}

bool client_ask(uint16_t port, const char *request, struct text *out)
{
    int fd = client_connect(port);
    bool ok = fd >= 0 && client_send(fd, request) && client_read_all(fd, out, 5000);
    if (fd >= 0)
        close(fd);
    return ok;
}
