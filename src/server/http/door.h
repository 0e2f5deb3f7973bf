/* door.h: who may come in.
 *
 * Owns the checks of Host, Origin and API key, and the CORS headers. Leaves limits on sizes and
 * times to http_server.h. Immutable once opened; any thread. */
#ifndef DOOR_H
#define DOOR_H

#include "base/base.h"
#include "base/error.h"
#include "server/http/http_request.h"
#include "server/http/response.h"

struct door;

struct door_options {
    const char *address; /* that is bound */
    const char *origins; /* further ones, separated by commas; "*" any */
    const char *api_key; /* "": none is needed */
};
bool door_open(struct door **out, const struct door_options *options, struct error *err) MUST_CHECK;
void door_close(struct door **door);

/* 0: come in; else the status to refuse with (401, 403), *why for the message. Adds CORS headers to
 * the response. `is_open`: the route needs no key. Keys ("Authorization: Bearer", "x-api-key") are
 * compared in constant time. */
unsigned door_check(const struct door *door, const struct http_request *request, bool is_open,
                    struct response *response, const char **why);

/* An OPTIONS request of a browser, answered. */
void door_preflight(const struct door *door, const struct http_request *request,
                    struct response *response);

#endif
