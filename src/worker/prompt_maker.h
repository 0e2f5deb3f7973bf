/* prompt_maker.h: a request's prompt as tokens that fit.
 *
 * Owns which way leads from which request to a prompt, and what is refused because the model cannot
 * do it. Any thread. */
#ifndef PROMPT_MAKER_H
#define PROMPT_MAKER_H

#include "chat/conversation.h"
#include "dialogue/dialogue.h"
#include "worker/refusal.h"
#include "worker/worker_model.h"
#include "worker/worker_request.h"

struct made_prompt {
    const struct dialogue *dialogue;   /* the model's, or the one below */
    struct dialogue *own_dialogue;     /* NULL: the request has no template of its own */
    struct conversation *conversation; /* NULL: the prompt is no chat */
    struct chat_prompt prompt;
    struct think_choice think;
    uint32_t n_truncated; /* tokens that the prompt had more */
};

/* `n_ctx`: the longest prompt with its answer; 0: any. To be released also after a failure. */
bool made_prompt_open(struct made_prompt *out, const struct worker_model *model,
                      const struct worker_request *request, uint32_t n_ctx,
                      struct refusal *why) MUST_CHECK;
void made_prompt_release(struct made_prompt *made);

/* conversation_tools, or NULL. */
const struct json *made_prompt_tools(const struct made_prompt *made);

#endif
