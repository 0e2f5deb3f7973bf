/* http_server.h: connections, requests on them, limits; the only owner of the HTTP library.
 *
 * Owns sockets, the event thread, request bodies up to the limit, the watch for clients that go.
 * Leaves to door.h who may come in, to routes.h who answers. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/base.h"
#include "base/error.h"
#include "server/routes.h"

struct http_server;
struct door;

struct http_server_options {
    const char *address; /* numeric or a name */
    uint16_t port;       /* 0: any */
    size_t body_limit_bytes, most_connections;
    uint64_t idle_connection_ns; /* between requests, and while one arrives */
    uint64_t slow_request_ns;    /* from a request's first byte to its last */
};

bool http_server_open(struct http_server **out, const struct http_server_options *options,
                      struct door *door, struct service *service, struct error *err) MUST_CHECK;
uint16_t http_server_port(const struct http_server *server);

size_t http_server_n_active(const struct http_server *server); /* requests that are not answered */
void http_server_close(struct http_server **server);           /* accepts NULL, leaves NULL */

#endif
