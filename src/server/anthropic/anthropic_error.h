/* anthropic_error.h: errors as Anthropic's clients read them.
 *
 * Owns their types by status. */
#ifndef ANTHROPIC_ERROR_H
#define ANTHROPIC_ERROR_H

#include "server/http/response.h"
#include "server/task.h"

/* As the whole answer, or as an event of a stream that has begun; the response ends with it. */
void anthropic_error(struct response *response, unsigned status, const char *message);
void anthropic_failure(struct response *response, const struct task_failure *failure);

/* "invalid_request_error" */
const char *anthropic_error_type(unsigned status);

#endif
