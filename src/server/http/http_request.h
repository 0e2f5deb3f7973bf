/* http_request.h: one HTTP request as handlers see it.
 *
 * Owns nothing: all slices live as long as the handler runs. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "base/base.h"

struct http_request {
    struct slice method, path, body; /* path: decoded, without query */
    uint64_t id;                     /* shown in logs and in X-Request-Id */
    struct slice client; /* whose turn it is: the key's name, else the address without port */
    /* A header's or query argument's value, names in any case; { NULL, 0 }: absent */
    struct slice (*header)(const struct http_request *request, const char *name);
    struct slice (*query)(const struct http_request *request, const char *name);
    void *connection; /* of http_server.c */
};

#endif
