/* reply.h: a response that one task answers, or several.
 *
 * Owns the ties between them: events reach a dialect's teller one at a time, a client that goes
 * cancels the tasks, and what the teller keeps is released after the last event. Any thread. */
#ifndef REPLY_H
#define REPLY_H

#include "server/http/response.h"
#include "server/routes.h"
#include "server/task.h"

/* One event, in the dialect's own form. `state` is the teller's; after TASK_END the response is
 * ended for it when it has not done so. */
typedef void reply_teller(void *state, const struct task_event *event, struct response *response);

struct reply_kind {
    reply_teller *tell;
    void (*release)(void *state);
};

/* Start `wish` (its listener and context are set here) and answer `response` with what comes of it.
 * Takes over `state`, also when there is no memory: the response is then ended with status 500. */
void reply_start(struct service *service, struct response *response, struct wish *wish,
                 const struct reply_kind *kind, void *state);

/* The same for several wishes, which the teller sees as one task: the choices of wish i are
 * numbered from i * choices_each on, TASK_STARTED comes for each, TASK_END once. A failure of one
 * cancels the others, whose own failures come then too. */
void reply_start_all(struct service *service, struct response *response, struct wish *wishes,
                     size_t n_wishes, uint32_t choices_each, const struct reply_kind *kind,
                     void *state);

#endif
