/* messages_request.h: a request of Anthropic's /v1/messages, as the worker is asked for it.
 *
 * Owns the way from that body to the JSON of docs/worker.md. What hearth cannot do is refused with
 * its place in the body (ERROR_UNSUPPORTED); what makes no sense is ERROR_USAGE. One thread. */
#ifndef MESSAGES_REQUEST_H
#define MESSAGES_REQUEST_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"

struct messages_request {
    struct slice model; /* in the body */
    bool is_streaming;
    struct text request; /* for the worker */
};

/* `counts`: for /v1/messages/count_tokens, where there is no max_tokens. To be released also after
 * a failure. */
bool messages_request_read(struct messages_request *out, const struct json *body, bool counts,
                           struct slice client, struct error *err) MUST_CHECK;
void messages_request_release(struct messages_request *request);

#endif
