/* openai_responses_reply.h: a task's events as the answer of POST /v1/responses.
 *
 * Owns the output items (reasoning, message, function_call) as they grow, and the order and numbers
 * of the stream's events. One event at a time. */
#ifndef OPENAI_RESPONSES_REPLY_H
#define OPENAI_RESPONSES_REPLY_H

#include "server/openai/openai_answer.h"

struct openai_responses_reply;

/* `echoed`: members of the response, see openai_responses_request.h; copied. settings->id begins
 * with "resp_". NULL when memory is out. */
struct openai_responses_reply *openai_responses_reply_new(
    const struct openai_answer_settings *settings, struct slice echoed,
    bool includes_encrypted) MUST_CHECK;

/* For reply.h: `reply` is a struct openai_responses_reply. */
void openai_responses_reply_tell(void *reply, const struct task_event *event,
                                 struct response *response);
void openai_responses_reply_release(void *reply); /* accepts NULL */

#endif
