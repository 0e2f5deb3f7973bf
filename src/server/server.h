/* server.h: `hearth serve` from start to end.
 *
 * Owns the order in which the parts are opened and closed. */
#ifndef SERVER_H
#define SERVER_H

#include "server/models/model_list.h"
#include "server/config/server_config.h"

struct server;

/* Listens when it returns. ERROR_USAGE when another address than loopback is to be bound without
 * key or consent. */
bool server_open(struct server **out, const struct server_config *config,
                 const struct model_list_options *models, const char *program,
                 struct error *err) MUST_CHECK;
uint16_t server_port(const struct server *server);

/* New requests are refused, running ones get the configured time. */
void server_close(struct server **server); /* accepts NULL, leaves NULL */

#endif
