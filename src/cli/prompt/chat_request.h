/* chat_request.h: the prompt that a model of this process gets for a chat_input.
 *
 * Owns the conversation and the prompt. Leaves to dialogue.h the prompt's words. One thread. */
#ifndef CHAT_REQUEST_H
#define CHAT_REQUEST_H

#include "cli/prompt/chat_input.h"
#include "dialogue/dialogue.h"

struct chat_request {
    struct conversation *conversation; /* NULL: of a plain text or a gap */
    struct chat_prompt prompt;
};

/* The prompt that asks for the next answer: of `words` alone when that is plain, of what stands
 * around a gap with --suffix, else of the messages. `now` in seconds since 1970, UTC. */
bool chat_request_open(struct chat_request *request, struct chat_input *input,
                       const struct dialogue *dialogue, struct slice words, int64_t now,
                       struct error *err) MUST_CHECK;
void chat_request_release(struct chat_request *request); /* also of a zeroed one */

#endif
