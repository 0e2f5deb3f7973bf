/* task_list.h: the wishes that are not answered yet.
 *
 * Owns them and their numbers. Whoever takes a task out of the list is the one who tells its last
 * events and frees it; until then whoever serves it tells them. Under the lock of its owner
 * (residency.c), except for telling, which is done without. */
#ifndef TASK_LIST_H
#define TASK_LIST_H

#include "base/base.h"
#include "server/task.h"

struct resident_model;

struct task {
    uint64_t number; /* never 0, never used again */
    enum wish_kind kind;
    struct slice request; /* owned; { NULL, 0 } once it was sent */
    task_listener *listener;
    void *context;
    uint64_t began_ns, load_ns;
    struct resident_model *model;
    struct task *next; /* in a queue */
    bool is_sent;      /* to the model's worker, whose thread tells its events */
    bool is_cancelled, has_failed;
    uint64_t queue_ns, prompt_tokens, cached_tokens; /* once its answer has begun */
};

struct task_list {
    struct task **slots; /* [capacity]; a task's slot is its number modulo the capacity */
    size_t capacity, count;
    uint64_t next_number;
};

bool task_list_init(struct task_list *list, size_t capacity, struct error *err) MUST_CHECK;
void task_list_release(struct task_list *list);

/* A copy of the wish. ERROR_BUDGET when the list is full. */
struct task *task_list_add(struct task_list *list, const struct wish *wish, struct error *err);
struct task *task_list_find(const struct task_list *list, uint64_t number); /* NULL: it is over */
void task_list_remove(struct task_list *list, struct task *task);
void task_free(struct task *task);

/* ---- telling ---- */

/* TASK_FAILED unless that was told before. */
void task_tell_failure(struct task *task, const struct model_facts *model,
                       const struct task_failure *failure);
/* An event without members, and TASK_END. */
void task_tell_last(const struct task *task, const struct model_facts *model,
                    enum task_event_kind kind);
void task_tell(const struct task *task, const struct task_event *event);

#endif
