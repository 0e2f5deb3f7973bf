/* server_client.h: requests to a hearth server; the only owner of the HTTP library of clients.
 *
 * Owns the connection, limits on what is received, and errors in words for people. Leaves which
 * server to server_link.h and what is asked to its callers. No redirects, no proxy for this
 * machine. One thread; server_client_stop from anywhere. */
#ifndef SERVER_CLIENT_H
#define SERVER_CLIENT_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct server_client;

/* `url`: "http://127.0.0.1:11434", without '/' at its end; `api_key` "": none. */
bool server_client_open(struct server_client **out, const char *url, const char *api_key,
                        struct error *err) MUST_CHECK;
void server_client_close(struct server_client **client); /* accepts NULL, leaves NULL */

/* Do now what only the first client costs: milliseconds in which something else can start. */
bool server_client_prepare(struct error *err) MUST_CHECK;

/* One line of the answer, without its line break; false: enough, with an error. */
typedef bool answer_line(void *context, struct slice line, struct error *err);

/* POST `body`, which is JSON, or GET where it is { NULL, 0 }. Lines come while they arrive. What is
 * not 2xx is an error in the server's words: 404 ERROR_NOT_FOUND, a prompt that does not
 * fit ERROR_CONTEXT, other 4xx ERROR_USAGE, 503 ERROR_BUDGET, 5xx and failures on the way ERROR_IO;
 * stopped: ERROR_CANCELLED. */
bool server_client_lines(struct server_client *client, const char *path, struct slice body,
                         answer_line *line, void *context, struct error *err) MUST_CHECK;

/* The same, with the whole answer appended to *out, up to its limit. */
bool server_client_whole(struct server_client *client, const char *path, struct slice body,
                         struct text *out, struct error *err) MUST_CHECK;

/* False, with the error in the server's words, where the answer, or a line of it, is one. */
bool server_answer_check(const struct json *answer, struct error *err) MUST_CHECK;

/* The status of the last answer; 0: there was none. */
unsigned server_client_status(const struct server_client *client);

/* From now on a whole request may take so long; 0, as at the beginning: as long as it takes. */
void server_client_limit(struct server_client *client, uint32_t limit_ms);

/* Whether the server is on this machine. */
bool server_client_is_local(const struct server_client *client);

/* The request that runs, or the next one, ends within a tenth of a second. From signal handlers
 * too. */
void server_client_stop(struct server_client *client);

#endif
