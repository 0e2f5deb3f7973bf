/* openai_responses_request.h: a request of POST /v1/responses, as the worker is asked for it.
 *
 * Owns the way from that body to the JSON of docs/worker.md, and the settings that the response
 * tells again. Pure; any thread. */
#ifndef OPENAI_RESPONSES_REQUEST_H
#define OPENAI_RESPONSES_REQUEST_H

#include "server/openai/openai_problem.h"

struct openai_responses_request {
    struct slice model; /* in the body */
    bool is_streaming;
    bool includes_encrypted; /* reasoning items have their text as `encrypted_content`, too */
    struct text settings;    /* members of the response: "temperature":1,... */
    struct text request;     /* for the worker */
};

/* To be released also after a failure, which is in `problem`. */
bool openai_responses_request_read(struct openai_responses_request *out, const struct json *body,
                                   struct slice client, struct openai_problem *problem) MUST_CHECK;
void openai_responses_request_release(struct openai_responses_request *request);

#endif
