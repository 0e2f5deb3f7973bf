/* response.h: what is answered to one HTTP request, as it grows.
 *
 * Owns status, headers, the body's bytes that are not sent yet, and the end. Whoever answers begins
 * once, writes, and ends once, from any thread; http_server.c takes what is there and sends it.
 * Counted references: the connection holds one, a task that answers later another. */
#ifndef RESPONSE_H
#define RESPONSE_H

#include "base/base.h"
#include "base/text.h"

struct response;

struct response *response_new(void); /* NULL: no memory */
struct response *response_hold(struct response *response);
void response_drop(struct response **response); /* accepts NULL, leaves NULL */

/* Before anything else; later calls are ignored. `content_type` may be NULL (no body). */
void response_begin(struct response *response, unsigned status, const char *content_type);
bool response_has_begun(struct response *response);

/* A header; only before response_begin. Name and value are copied. */
void response_header(struct response *response, const char *name, const char *value);

/* Retry-After, in seconds; 0: not known, and nothing is said. */
void response_retry_after(struct response *response, unsigned seconds);

/* More of the body. False when the client is gone or too far behind (64 MB wait for it, then it
 * counts as gone): nobody listens any more. */
bool response_write(struct response *response, struct slice bytes);
void response_end(struct response *response);

/* begin, write and end in one. */
void response_whole(struct response *response, unsigned status, const char *content_type,
                    struct slice body);

/* ---- for who answers later ---- */

/* `gone(context)` is called once, on any thread (also inside of response_write), when the client
 * has gone before the end; at once when it has already. Replaces an earlier one, whose call is over
 * when this returns, unless it is made inside of that call; NULL: nobody asks any more. So nobody
 * may call this with a lock that `gone` takes. */
typedef void response_gone(void *context);
void response_on_gone(struct response *response, response_gone *gone, void *context);

/* ---- for the connection ---- */

/* `wake(context)` is called, on any thread, when there is something to take for a connection that
 * has found nothing before (in response_status or response_take). NULL: the connection is no more;
 * no call is under way when this returns. */
typedef void response_wake(void *context);
void response_on_wake(struct response *response, response_wake *wake, void *context);

/* The client has gone: writes fail from now on, who answers is told, and `wake` is called. */
void response_client_gone(struct response *response);
bool response_is_gone(struct response *response);

/* 0 while nothing has begun. */
unsigned response_status(struct response *response);
const char *response_content_type(struct response *response);
/* Headers one after another, for the index 0, 1, ...; false: no more. */
bool response_header_at(struct response *response, size_t index, const char **name,
                        const char **value);

/* Up to `most` bytes of the body; *is_over when these were the last there will ever be, or the
 * client has gone. 0 bytes and not over: `wake` will be called. */
size_t response_take(struct response *response, char *out, size_t most, bool *is_over);

/* Bytes written in all, and whether the end is there: for logs and tests. */
uint64_t response_length(struct response *response);
bool response_is_over(struct response *response);

#endif
