/* openai_chat_reply.h: a task's events as the answer of POST /v1/chat/completions.
 *
 * Owns the texts of each choice until the whole answer is told, or one chunk after the other. One
 * event at a time. */
#ifndef OPENAI_CHAT_REPLY_H
#define OPENAI_CHAT_REPLY_H

#include "server/openai/openai_answer.h"

struct openai_chat_reply;

/* NULL when memory is out. */
struct openai_chat_reply *openai_chat_reply_new(const struct openai_answer_settings *settings,
                                                uint32_t n_choices) MUST_CHECK;

/* For reply.h: `reply` is a struct openai_chat_reply. */
void openai_chat_reply_tell(void *reply, const struct task_event *event, struct response *response);
void openai_chat_reply_release(void *reply); /* accepts NULL */

#endif
