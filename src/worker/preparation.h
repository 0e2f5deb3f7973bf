/* preparation.h: threads that read requests and make their prompts.
 *
 * Owns the queue in front of them, and keeps the grammars that it makes. Templates, schemas and
 * long texts take their time here, where no answer waits for it; who is cancelled meanwhile leaves
 * soon (base/interruption.h). Calls by the thread that reads frames. */
#ifndef PREPARATION_H
#define PREPARATION_H

#include "worker/job_list.h"
#include "worker/scheduler.h"

struct preparation;

struct preparation_options {
    const struct worker_model *model;
    struct outbox *outbox;
    struct job_list *jobs;
    struct scheduler *scheduler;
};

bool preparation_open(struct preparation **out, const struct preparation_options *options,
                      struct error *err) MUST_CHECK;
/* What waits is not prepared any more, and stays in the list. Accepts NULL, leaves NULL. */
void preparation_close(struct preparation **preparation);

/* A job that is in the list. */
void preparation_add(struct preparation *preparation, struct job *job);

#endif
