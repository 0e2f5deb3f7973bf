/* private_end.h: what a private server does for the one client that started it.
 *
 * Owns the server's end of the socket between them (cli/client/private_server.h has the other): the
 * line "PORT KEY" or "Error: why" that is told there, the settings that only such a server has, and
 * how it sees that the client is gone. One thread. */
#ifndef PRIVATE_END_H
#define PRIVATE_END_H

#include "base/base.h"
#include "base/error.h"
#include "server/config/server_config.h"

enum { PRIVATE_KEY_BYTES = 33, PRIVATE_LINE_BYTES = 1200 };

struct private_end {
    int fd;                      /* -1: the server is not private */
    char key[PRIVATE_KEY_BYTES]; /* 128 random bits as hexadecimal digits */
};

/* From now on no process that is started inherits `fd`. */
bool private_end_init(struct private_end *end, int fd, struct error *err) MUST_CHECK;

/* Any port of 127.0.0.1, for who has the key; no models but those of the command line and the
 * program, which stay loaded; no time for answers that nobody will read. */
bool private_end_set(const struct private_end *end, struct server_settings *settings,
                     struct error *err) MUST_CHECK;

bool private_end_tell_port(const struct private_end *end, uint16_t port,
                           struct error *err) MUST_CHECK;
void private_end_tell_error(const struct private_end *end, const char *message);

/* Whether the client is gone; `events` as poll() told them. */
bool private_end_is_closed(const struct private_end *end, short events);

#endif
