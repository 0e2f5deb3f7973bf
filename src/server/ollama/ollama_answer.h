/* ollama_answer.h: the events of a task as an answer of /api/generate or /api/chat.
 *
 * Owns the answer's form: a line of JSON for each event, or one object at the end. Sends nothing
 * before there is something to say, so that a failure until then has its status. Leaves to
 * ollama_failure.h what failures look like. Events of one answer come one after another. */
#ifndef OLLAMA_ANSWER_H
#define OLLAMA_ANSWER_H

#include "server/ollama/ollama_request.h"
#include "server/http/response.h"

struct ollama_answer;

/* Takes over what *request holds. NULL: no memory (and *request is released). */
struct ollama_answer *ollama_answer_new(struct ollama_request *request);
void ollama_answer_free(void *answer); /* accepts NULL */

/* One event (a reply_teller). */
void ollama_answer_tell(void *answer, const struct task_event *event, struct response *response);

#endif
