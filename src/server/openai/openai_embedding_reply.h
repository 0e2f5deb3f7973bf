/* openai_embedding_reply.h: a task's events as the answer of POST /v1/embeddings.
 *
 * Owns the way from a model's vectors to those of length 1 that clients get, as numbers or as
 * base64. One event at a time. */
#ifndef OPENAI_EMBEDDING_REPLY_H
#define OPENAI_EMBEDDING_REPLY_H

#include "server/openai/openai_answer.h"

struct openai_embedding_reply;

/* n_dimensions: how many of each vector; 0: all. NULL when memory is out. */
struct openai_embedding_reply *openai_embedding_reply_new(
    const struct openai_answer_settings *settings, int64_t n_dimensions, bool is_base64) MUST_CHECK;

/* For reply.h: `reply` is a struct openai_embedding_reply. */
void openai_embedding_reply_tell(void *reply, const struct task_event *event,
                                 struct response *response);
void openai_embedding_reply_release(void *reply); /* accepts NULL */

#endif
