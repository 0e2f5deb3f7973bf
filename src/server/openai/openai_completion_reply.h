/* openai_completion_reply.h: a task's events as the answer of POST /v1/completions.
 *
 * Owns the texts of each choice until the whole answer is told, or one event after the other. One
 * event at a time. */
#ifndef OPENAI_COMPLETION_REPLY_H
#define OPENAI_COMPLETION_REPLY_H

#include "server/openai/openai_answer.h"

struct openai_completion_reply;

/* n_choices of all prompts together. NULL when memory is out. */
struct openai_completion_reply *openai_completion_reply_new(
    const struct openai_answer_settings *settings, uint32_t n_choices) MUST_CHECK;

/* The choice's text begins with its prompt, which is copied. */
bool openai_completion_reply_echo(struct openai_completion_reply *reply, uint32_t choice,
                                  struct slice prompt) MUST_CHECK;

/* For reply.h: `reply` is a struct openai_completion_reply. */
void openai_completion_reply_tell(void *reply, const struct task_event *event,
                                  struct response *response);
void openai_completion_reply_release(void *reply); /* accepts NULL */

#endif
