/* job_list.h: all requests of a worker that are not over, by their numbers.
 *
 * Owns who is there to be cancelled, and the clients that they come from. Any thread. */
#ifndef JOB_LIST_H
#define JOB_LIST_H

#include "worker/job.h"

struct job_list;

bool job_list_open(struct job_list **out, struct error *err) MUST_CHECK;
void job_list_close(struct job_list **list); /* accepts NULL, leaves NULL; frees what is in it */

void job_list_add(struct job_list *list, struct job *job);
void job_list_cancel(struct job_list *list, uint64_t id);
void job_list_cancel_all(struct job_list *list);
size_t job_list_count(struct job_list *list);

/* The job's last frame; then it is gone. */
void job_list_end(struct job_list *list, struct job **job, struct outbox *outbox);

#endif
