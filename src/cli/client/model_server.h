/* model_server.h: the server that answers for a model.
 *
 * Owns the choice: the user's server (server_link.h) where it is a hearth of this version and knows
 * the model by that name, else a private one (private_server.h). A file or folder, and whatever
 * asks for an engine of its own, goes to a private one. One thread. */
#ifndef MODEL_SERVER_H
#define MODEL_SERVER_H

#include "base/json.h"
#include "cli/client/private_server.h"
#include "cli/client/server_client.h"

struct model_server {
    struct server_client *client;
    struct private_server *own; /* NULL: the user's */
    struct text model;          /* the name by which it knows the model */
    const struct json *facts;   /* of the model, as /api/show has them */
};

struct model_server_options {
    const char *model;  /* a name, a file or a folder */
    uint32_t n_threads; /* as of private_server_options, as the next */
    const char *kv_type;
};

/* The model is loaded when this returns. Errors: ERROR_NOT_FOUND where nobody knows the model, else
 * the server's. To be closed also after a failure. */
bool model_server_open(struct model_server *out, const struct model_server_options *options,
                       struct error *err) MUST_CHECK;
void model_server_close(struct model_server *server);

#endif
