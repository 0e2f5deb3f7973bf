/* The program's files are no part of the library, so they are compiled in here. */
#include "cli/client/closed_port.c"

#include "test.h"

static char url[60];

/* A port that was just free; listened on if wanted. */
static int open_port(bool is_listened_on)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length), 0);
    if (is_listened_on)
        assert_int_equal(listen(fd, 1), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

TEST(a_port_that_nobody_listens_on_is_closed)
{
    int fd = open_port(false);
    assert_true(port_is_closed(url));
    strcat(url, "/with/path");
    assert_true(port_is_closed(url));
    close(fd);
}

TEST(one_that_is_listened_on_is_not)
{
    int fd = open_port(true);
    assert_false(port_is_closed(url));
    close(fd);
}

TEST(what_is_not_known_at_once_is_not_called_closed)
{
    assert_false(port_is_closed("https://127.0.0.1:1"));
    assert_false(port_is_closed("http://localhost:1"));
    assert_false(port_is_closed("http://192.0.2.1:1"));
    assert_false(port_is_closed("http://127.0.0.1:99999"));
    assert_false(port_is_closed("http://127.0.0.1"));
    assert_false(port_is_closed(""));
}
