/* openai_embedding_request.h: a request of POST /v1/embeddings, as the worker is asked for it.
 *
 * Owns the way from that body to the JSON of docs/worker.md. Pure; any thread. */
#ifndef OPENAI_EMBEDDING_REQUEST_H
#define OPENAI_EMBEDDING_REQUEST_H

#include "server/openai/openai_problem.h"

struct openai_embedding_request {
    struct slice model;   /* in the body */
    int64_t n_dimensions; /* 0: all of the model's */
    bool is_base64;
    struct text request; /* for the worker */
};

/* To be released also after a failure, which is in `problem`. */
bool openai_embedding_request_read(struct openai_embedding_request *out, const struct json *body,
                                   struct slice client, struct openai_problem *problem) MUST_CHECK;
void openai_embedding_request_release(struct openai_embedding_request *request);

#endif
