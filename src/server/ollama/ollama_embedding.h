/* ollama_embedding.h: the result of a task as an answer of /api/embed or /api/embeddings.
 *
 * Owns what is made of the model's vectors: unit length, fewer dimensions. Events of one answer
 * come one after another. */
#ifndef OLLAMA_EMBEDDING_H
#define OLLAMA_EMBEDDING_H

#include "server/ollama/ollama_request.h"
#include "server/http/response.h"

struct ollama_embedding;

/* Takes over what *request holds. NULL: no memory (and *request is released). */
struct ollama_embedding *ollama_embedding_new(struct ollama_request *request);
void ollama_embedding_free(void *embedding); /* accepts NULL */

/* One event (a reply_teller). */
void ollama_embedding_tell(void *embedding, const struct task_event *event,
                           struct response *response);

#endif
