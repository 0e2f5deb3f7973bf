/* messages_answer.h: what a task tells, in the words of Anthropic's /v1/messages.
 *
 * Owns the order of content blocks (thinking, text, tool_use), the events of a stream and the
 * usage. One task each. */
#ifndef MESSAGES_ANSWER_H
#define MESSAGES_ANSWER_H

#include "base/base.h"
#include "server/reply.h"

struct messages_answer;

/* `id`: 24 hexadecimal digits. NULL: no memory. */
struct messages_answer *messages_answer_new(struct slice model, bool is_streaming, const char *id);

/* state: a messages_answer */
extern const struct reply_kind messages_reply;

/* state: NULL. Of /v1/messages/count_tokens. */
extern const struct reply_kind count_tokens_reply;

#endif
