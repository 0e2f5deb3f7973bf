/* http_client.h: a client that sends whatever bytes a test wants.
 *
 * Owns connections to 127.0.0.1 and the reading of answers, with a time limit. */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include "base/base.h"
#include "base/text.h"

int client_connect(uint16_t port); /* -1: refused */
bool client_send(int fd, const char *text);
bool client_send_bytes(int fd, const void *bytes, size_t length);

/* What arrives until the connection is closed or `milliseconds` pass without a byte. True: it was
 * closed. */
bool client_read_all(int fd, struct text *out, int milliseconds);

/* What arrives until `end` is part of it. */
bool client_read_until(int fd, struct text *out, const char *end, int milliseconds);

/* One request on a connection of its own; the answer in `out`, headers and all. */
bool client_ask(uint16_t port, const char *request, struct text *out);

#endif
