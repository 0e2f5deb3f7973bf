/* ollama_failure.h: errors in Ollama's form and words.
 *
 * Owns {"error": "...", "code": "..."} and the sentences that clients of Ollama look for. Any
 * thread. */
#ifndef OLLAMA_FAILURE_H
#define OLLAMA_FAILURE_H

#include "server/ollama/ollama_request.h"
#include "server/http/response.h"

/* With a status where nothing was answered yet, as one more line where it was. Ends the response.
 */
void ollama_respond_error(struct response *response, unsigned status, const char *message);
/* The same with a code (docs/ollama.md) that the status alone does not say; NULL: that it does. */
void ollama_respond_code(struct response *response, unsigned status, const char *code,
                         const char *message);

/* What became of a request's task. */
void ollama_respond_failure(struct response *response, const struct ollama_request *request,
                            const struct task_event *event);

#endif
