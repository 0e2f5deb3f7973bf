/* routes.h: which path is answered by whom.
 *
 * Owns the table of routes and the server's common parts that handlers need. */
#ifndef ROUTES_H
#define ROUTES_H

#include "server/http/http_request.h"
#include "server/http/response.h"

#include <stdatomic.h>

struct residency;
struct model_list;
struct metrics;
struct server_config;
struct route;

/* What handlers work with; lives longer than any request. */
struct service {
    const struct server_config *config;
    struct residency *residency;
    struct model_list *models;
    struct metrics *metrics;
    const struct route *const *tables; /* [n_tables], each ends with a row of NULL */
    size_t n_tables;
    atomic_bool is_stopping; /* readyz says no, and new requests are refused */
};

/* Answers now, or holds the response and answers later by a task. Never waits. */
typedef void route_handler(struct service *service, const struct http_request *request,
                           struct response *response);

enum dialect_kind {
    DIALECT_PLAIN,
    DIALECT_OLLAMA,
    DIALECT_OPENAI,
    DIALECT_ANTHROPIC
}; /* how errors look */

struct route {
    const char *method; /* "GET" also answers HEAD */
    const char *path;   /* "/v1/models/{name}": braces match the rest of the path */
    enum dialect_kind dialect;
    bool is_open; /* needs no key: health and version */
    route_handler *handler;
};

/* NULL: none; *is_known_path tells 405 from 404. */
const struct route *route_find(const struct service *service, struct slice method,
                               struct slice path, bool *is_known_path);

/* The dialect that a path without a route is answered in. */
enum dialect_kind dialect_of_path(struct slice path);

/* An error in the dialect's own form, for failures before a handler (405, 413, 401, 403, 503).
 * Anthropic's "request_id" is the response's header X-Request-Id. */
void respond_error(enum dialect_kind dialect, struct response *response, unsigned status,
                   const char *message);

/* The tables of the dialects. */
extern const struct route ollama_routes[], openai_routes[], anthropic_routes[], service_routes[];

#endif
