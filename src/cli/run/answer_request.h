/* answer_request.h: what the server is asked for an answer.
 *
 * Owns the spelling of settings as members of /api/chat and /api/generate (docs/ollama.md). Only
 * what was given is said: the rest is the server's to choose. One thread. */
#ifndef ANSWER_REQUEST_H
#define ANSWER_REQUEST_H

#include "base/text.h"
#include "chat/conversation.h"
#include "cli/run/logit_bias.h"
#include "cli/run/settings.h"

struct answer_request {
    struct slice model;
    const struct settings *settings;
    const struct logit_bias *biases; /* [n_biases] those of the settings */
    size_t n_biases;
    int32_t number; /* 0, 1, ... of several answers to the same prompt */
    bool is_check;  /* whether it could be answered, and no more */
    /* one of both */
    const struct conversation *conversation;
    struct slice text; /* to go on with, or what stands in front of a gap */
};

/* "/api/chat" or "/api/generate" */
const char *answer_request_path(const struct answer_request *request);

/* The body, appended. */
bool answer_request_write(const struct answer_request *request, struct text *out,
                          struct error *err) MUST_CHECK;

#endif
