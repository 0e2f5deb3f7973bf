#include "server/service/health_routes.h"

#include "base/text.h"
#include "server/metrics.h"

enum { METRICS_BYTES = 4 << 20 };

void healthz_route(struct service *service, const struct http_request *request,
                   struct response *response)
{
    (void)service, (void)request;
    response_whole(response, 200, "text/plain", slice_of("ok\n"));
}

void readyz_route(struct service *service, const struct http_request *request,
                  struct response *response)
{
    (void)request;
    if (atomic_load(&service->is_stopping))
        response_whole(response, 503, "text/plain", slice_of("shutting down\n"));
    else
        response_whole(response, 200, "text/plain", slice_of("ready\n"));
}

void metrics_route(struct service *service, const struct http_request *request,
                   struct response *response)
{
    struct text body;
    (void)request;
    text_init(&body, METRICS_BYTES);
    if (metrics_write(service->metrics, service->residency, &body))
        response_whole(response, 200, "text/plain; version=0.0.4; charset=utf-8",
                       text_slice(&body));
    else
        respond_error(DIALECT_PLAIN, response, 500, "no memory left for the metrics");
    text_release(&body);
}
