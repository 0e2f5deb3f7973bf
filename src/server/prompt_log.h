/* prompt_log.h: what was asked and answered, in the log, where the operator wants that.
 *
 * Owns the answers' texts until they are told. Without the setting `log_prompts` there is none of
 * it, and no prompt is in any log. One thread at a time. */
#ifndef PROMPT_LOG_H
#define PROMPT_LOG_H

#include "server/http/response.h"
#include "server/task.h"

struct prompt_log;
struct server_config;

/* Tells the wishes, with the number that the response's client gets. NULL: not wanted, or no
 * memory, which the other two accept. `config` may be NULL. */
struct prompt_log *prompt_log_new(const struct server_config *config, struct response *response,
                                  const struct wish *wishes, size_t n_wishes);
void prompt_log_free(struct prompt_log **log);

/* Keeps what is said, and tells it when an answer is over. */
void prompt_log_hear(struct prompt_log *log, const struct task_event *event);

#endif
