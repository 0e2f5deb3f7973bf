/* ollama_request.h: a body of Ollama's API as a wish.
 *
 * Owns which members there are, their types and what the worker is told of them. A pure function:
 * no model is looked at. Leaves to ollama_answer.h and ollama_embedding.h what is answered. Any
 * thread. */
#ifndef OLLAMA_REQUEST_H
#define OLLAMA_REQUEST_H

#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "server/task.h"

enum ollama_route { OLLAMA_GENERATE, OLLAMA_CHAT, OLLAMA_EMBED, OLLAMA_EMBEDDINGS };

struct ollama_request {
    enum ollama_route route;
    enum wish_kind wish; /* to load or unload when there is nothing to answer */
    struct text model;   /* as the client gave it, which is how it is echoed */
    struct text worker;  /* WISH_REQUEST: the JSON of FRAME_REQUEST */
    struct text ignored; /* names without meaning, by commas: told in X-Hearth-Ignored */
    struct keep_alive keep_alive;
    bool streams;
    bool is_render;  /* _debug_render_only: the prompt, not an answer to it */
    bool is_dry_run; /* whether it could be answered, no answer */
    bool has_top_logprobs;
    uint32_t n_choices;
    int64_t dimensions; /* of an embedding; 0: the model's */
};

/* Fills *out, which is to be released in any case. On failure *status is what HTTP is told. */
bool ollama_request_open(struct ollama_request *out, enum ollama_route route,
                         const struct json *body, struct slice client, unsigned *status,
                         struct error *err) MUST_CHECK;
void ollama_request_release(struct ollama_request *request);

#endif
