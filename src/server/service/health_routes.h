/* health_routes.h: what watches over the server asks.
 *
 * Owns /healthz (this process lives), /readyz (it takes requests) and /metrics. */
#ifndef HEALTH_ROUTES_H
#define HEALTH_ROUTES_H

#include "server/routes.h"

route_handler healthz_route, readyz_route, metrics_route;

#endif
