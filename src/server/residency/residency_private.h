/* residency_private.h: what the four files of residency share.
 *
 * residency.c takes wishes, residency_keeper.c is the one thread that loads and frees,
 * residency_room.c what it does so that a model has memory, residency_frames.c hears the workers.
 * One lock guards all; nobody is told anything while it is held. It comes before the locks of
 * worker_process.c and metrics.c. */
#ifndef RESIDENCY_PRIVATE_H
#define RESIDENCY_PRIVATE_H

#include "server/residency/residency.h"
#include "server/residency/resident_model.h"

#include <pthread.h>

struct residency {
    struct residency_options options;
    char *program, *kv_type; /* of the options */
    struct model_list *list;
    struct metrics *metrics;
    uint64_t budget_bytes;
    pthread_t keeper;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* broadcast: the keeper, and who closes, look again */
    /* guarded by `lock` */
    struct task_list tasks;
    struct resident_model *models; /* in the order in which they were wanted */
    bool is_closing;               /* no more wishes */
    bool is_ending;                /* the keeper lets all models go, and ends */
    bool has_room;                 /* memory was given back since grants were last made */
};

/* ---- residency.c ---- */

/* Give a task to the model's worker. False: it could not be sent, and is as before. */
bool residency_send_task(struct residency *residency, struct resident_model *model,
                         struct task *task, struct error *err) MUST_CHECK;

/* The worker shall end; the model's record goes when it has. */
void residency_let_go(struct residency *residency, struct resident_model *model);

/* Take a queue's tasks off the list: now they are the caller's. */
struct task *residency_take_queue(struct residency *residency, struct resident_model *model);

/* Without the lock: tell each of these tasks that it failed, and free it. */
void residency_fail_tasks(struct task *tasks, const struct model_facts *facts,
                          const struct task_failure *failure);

/* ---- residency_keeper.c ---- */

void *residency_keep(void *residency);

struct resident_model *residency_first_at(const struct residency *residency,
                                          enum model_stage stage);

/* Tell all who wait for a model that it does not come; lets go of the lock in between. */
void residency_refuse_queue(struct residency *residency, struct resident_model *model,
                            const struct task_failure *failure);

/* ---- residency_room.c: the keeper's ---- */

/* Models that wait for memory have it, or others go or yield for them. True: it let go of the lock
 * or changed something. *next_ns: sooner if something is to be done then. */
bool residency_make_room(struct residency *residency, uint64_t now, uint64_t *next_ns);
void residency_use_room(struct residency *residency);

/* ---- residency_frames.c: callbacks of a worker_process, the context is the model ---- */

void residency_on_frame(void *model, const struct frame *frame);
void residency_on_gone(void *model, const struct worker_end *end);

#endif
