/* residency.h: which models are in memory, and who waits for which.
 *
 * Owns the loaded models (a worker_process each), the memory budget they share, keep-alive times,
 * the queue of wishes and their tasks. One load at a time; requests to loaded models do not wait
 * for it, unless their model must make room for another (docs/serving.md, Memory). Any thread. */
#ifndef RESIDENCY_H
#define RESIDENCY_H

#include "base/text.h"
#include "server/task.h"

struct residency;
struct model_list;
struct metrics;

struct residency_options {
    uint64_t memory_bytes; /* weights, keys and values, scratch of all models; 0: what this machine
                              has, less a tenth */
    size_t most_models;    /* 0: as many as fit, which are never more than 256 */
    size_t most_waiting;   /* tasks that are not answered yet; more: ERROR_BUDGET, reason "busy" */
    uint32_t n_ctx;        /* default and most; 0: the model's own or what memory allows */
    uint32_t n_parallel;   /* answers at once of one model; 0: as memory allows */
    uint32_t n_threads;    /* 0: all */
    const char *kv_type;   /* NULL: auto */
    int64_t keep_alive_ns; /* negative: for ever */
    uint64_t yield_after_ns; /* so long a busy model takes requests while another waits for its
                                memory; 0: for ever */
    uint64_t load_limit_ns, stall_limit_ns; /* without progress; 0: none */
    const char *program;                    /* what is started as a worker: this program */
};

bool residency_open(struct residency **out, const struct residency_options *options,
                    struct model_list *models, struct metrics *metrics,
                    struct error *err) MUST_CHECK;

/* No more wishes; running tasks get `grace_ns`, then are cancelled; workers end. */
void residency_close(struct residency **residency,
                     uint64_t grace_ns); /* accepts NULL, leaves NULL */

/* Copies the wish. Events may come before it returns; after TASK_END the task is gone. Every
 * failure is told by events. The returned number is for task_cancel. */
uint64_t residency_start(struct residency *residency, const struct wish *wish);

/* Its TASK_END comes soon. Nothing happens when it is over already. */
void residency_cancel(struct residency *residency, uint64_t task);

/* The models in memory. */
struct resident {
    const char *name;
    uint64_t weights_bytes, scratch_bytes,
        kv_bytes; /* planned: what the budget counts; kv_bytes granted */
    uint64_t kv_used_bytes, kv_cached_bytes;
    uint32_t n_ctx, n_running, n_waiting;
    uint64_t n_prompt_tokens, n_cached_tokens, n_answer_tokens;
    int64_t expires_at_ns; /* of the wall clock; INT64_MAX: never; 0: it is on its way out */
    const struct json *info;
    int pid;
};
/* `visit` for each, longest remaining first, under a lock: it must be short. */
void residency_visit(struct residency *residency,
                     void (*visit)(void *context, const struct resident *model), void *context);

/* `visit` for each model that requests wait for until it is in memory; as above. */
void residency_visit_awaited(struct residency *residency,
                             void (*visit)(void *context, const char *name, size_t n_waiting),
                             void *context);

uint64_t residency_budget_bytes(const struct residency *residency);

#endif
