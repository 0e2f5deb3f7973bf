/* scheduler.h: which requests are answered when.
 *
 * Owns the thread that runs the model's steps, the requests that were prepared, the clients' turns
 * and the memory for keys and values: who may begin, and who gives back his pages when there are
 * none left. Leaves to batch_step.h what one step is. Calls by any thread. */
#ifndef SCHEDULER_H
#define SCHEDULER_H

#include "worker/job_list.h"
#include "worker/outbox.h"
#include "worker/worker_model.h"

struct scheduler;

struct scheduler_options {
    struct worker_model *model;
    struct outbox *outbox;
    struct job_list *jobs;
    uint32_t n_parallel; /* most answers at once; 0: as many as there is memory for */
};

/* The thread runs from now on. What the options point to is borrowed. */
bool scheduler_open(struct scheduler **out, const struct scheduler_options *options,
                    struct error *err) MUST_CHECK;
/* Breaks all requests off. Accepts NULL, leaves NULL. */
void scheduler_close(struct scheduler **scheduler);

/* A prepared request, whose owner the scheduler is from now on. */
void scheduler_add(struct scheduler *scheduler, struct job *job);

/* Some request was cancelled. */
void scheduler_wake(struct scheduler *scheduler);

/* Keys and values of all requests may take so much from now on. */
void scheduler_grant(struct scheduler *scheduler, uint64_t kv_bytes);

#endif
