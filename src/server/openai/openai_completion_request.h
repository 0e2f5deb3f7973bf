/* openai_completion_request.h: a request of POST /v1/completions, as the worker is asked for it.
 *
 * Owns the way from that body to a wish for each prompt; docs/openai.md lists the fields. Prompts
 * go to the model as they are, without its template. Pure; any thread. */
#ifndef OPENAI_COMPLETION_REQUEST_H
#define OPENAI_COMPLETION_REQUEST_H

#include "server/openai/openai_problem.h"

struct openai_completion_request {
    struct slice model; /* in the body, as the echoes are */
    bool is_streaming, includes_usage, echoes;
    uint32_t n_choices;    /* of each prompt */
    size_t n_prompts;      /* the arrays' length */
    struct text *requests; /* for the worker */
    struct slice *prompts; /* as texts; { NULL, 0 } where tokens were given */
};

/* To be released also after a failure, which is in `problem`. */
bool openai_completion_request_read(struct openai_completion_request *out, const struct json *body,
                                    struct slice client, struct openai_problem *problem) MUST_CHECK;
void openai_completion_request_release(struct openai_completion_request *request);

#endif
