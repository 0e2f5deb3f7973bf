/* openai_chat_request.h: a request of POST /v1/chat/completions, as the worker is asked for it.
 *
 * Owns the way from that body to the JSON of docs/worker.md; docs/openai.md lists the fields. Pure;
 * any thread. */
#ifndef OPENAI_CHAT_REQUEST_H
#define OPENAI_CHAT_REQUEST_H

#include "server/openai/openai_problem.h"

struct openai_chat_request {
    struct slice model; /* in the body */
    bool is_streaming, includes_usage;
    uint32_t n_choices;
    struct text request; /* for the worker */
};

/* `client` is whose turn it is. To be released also after a failure, which is in `problem`. */
bool openai_chat_request_read(struct openai_chat_request *out, const struct json *body,
                              struct slice client, struct openai_problem *problem) MUST_CHECK;
void openai_chat_request_release(struct openai_chat_request *request);

#endif
