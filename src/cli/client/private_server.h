/* private_server.h: a server of this program's own, which ends with it.
 *
 * Owns the process (`hearth serve --private-fd N`), the socket that says for how long it is wanted,
 * and the key that nobody else has. Leaves requests to server_client.h and what the server does
 * with the socket to cli/private_end.h. One thread. */
#ifndef PRIVATE_SERVER_H
#define PRIVATE_SERVER_H

#include "cli/client/server_client.h"

struct private_server;

struct private_server_options {
    const char *path;   /* of a model's file or folder, absolute; NULL: those of the program only */
    uint32_t n_threads; /* 0: as the settings say */
    const char *kv_type; /* NULL: as the settings say */
};

/* Start it; it listens when this returns. However long that takes, as long as it lives. What the
 * server cannot accept (its settings, for instance) is the error, in the server's words. */
bool private_server_open(struct private_server **out, const struct private_server_options *options,
                         struct error *err) MUST_CHECK;

/* A client that may ask it. Several may. */
bool private_server_link(const struct private_server *server, struct server_client **out,
                         struct error *err) MUST_CHECK;

/* End it and its models, and wait for that; what does not end is killed. Without this call it ends
 * when this process does, however that happens. */
void private_server_close(struct private_server **server); /* accepts NULL, leaves NULL */

#endif
