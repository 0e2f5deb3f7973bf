/* server_link.h: the way to the server that the user's settings name.
 *
 * Owns where it is (HEARTH_HOST, OLLAMA_HOST, the settings' file) and the key it is shown: that of
 * the settings, or, on this machine, the one in the key file. One thread. */
#ifndef SERVER_LINK_H
#define SERVER_LINK_H

#include "base/json.h"
#include "cli/client/server_client.h"

/* Nothing is asked yet. */
bool server_link_open(struct server_client **out, struct error *err) MUST_CHECK;

/* Ask, and read the answer as JSON; `body` as of server_client_lines. */
bool server_ask(struct server_client *client, const char *path, struct slice body,
                const struct json **answer, struct error *err) MUST_CHECK;

#endif
