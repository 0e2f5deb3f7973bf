/* service_routes.c: the routes that belong to no other server's interface. */
#include "server/routes.h"
#include "server/service/health_routes.h"
#include "server/service/token_routes.h"

const struct route service_routes[] = {
    { "GET", "/healthz", DIALECT_PLAIN, true, healthz_route },
    { "GET", "/readyz", DIALECT_PLAIN, true, readyz_route },
    { "GET", "/metrics", DIALECT_PLAIN, false, metrics_route },
    { "POST", "/tokenize", DIALECT_OLLAMA, false, tokenize_route },
    { "POST", "/detokenize", DIALECT_OLLAMA, false, detokenize_route },
    { NULL, NULL, DIALECT_PLAIN, false, NULL },
};
