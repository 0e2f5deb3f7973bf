/* http_watch.h: connections that something must be done about although they are silent.
 *
 * Owns one thread that tells a response when its client goes while nothing is read from or written
 * to it, and shuts down sockets whose request does not arrive in time. Leaves the connections to
 * http_server.c. Any thread. */
#ifndef HTTP_WATCH_H
#define HTTP_WATCH_H

#include "base/base.h"
#include "base/error.h"
#include "server/http/response.h"

struct http_watch;

/* Part of a connection; zeroed before it is used first. The socket is `fd` until both waits are
 * over. */
struct http_watched {
    int fd;
    struct response *response; /* held while the client is watched; guarded by the watch's lock */
    int list;                  /* 0: no deadline; guarded, as are the rest */
    uint64_t deadline_ns;
    struct http_watched *previous, *next;
};

bool http_watch_open(struct http_watch **out, uint64_t idle_ns, uint64_t request_ns,
                     struct error *err) MUST_CHECK;
void http_watch_close(struct http_watch **watch); /* accepts NULL, leaves NULL */

/* The client waits for `response` and is asked for nothing. False: it cannot be watched. */
bool http_watch_client(struct http_watch *watch, struct http_watched *connection,
                       struct response *response);
void http_watch_client_end(struct http_watch *watch, struct http_watched *connection);

enum http_wait {
    HTTP_WAITS_FOR_NOTHING, /* a request has arrived */
    HTTP_WAITS_FOR_HEADERS, /* the next request's, within idle_ns and request_ns */
    HTTP_WAITS_FOR_BODY,    /* within request_ns */
};
void http_watch_arrival(struct http_watch *watch, struct http_watched *connection,
                        enum http_wait wait);

#endif
