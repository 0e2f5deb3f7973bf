/* resident_model.h: one model on its way into memory, in it, or on its way out.
 *
 * Owns the record of a model and what its worker said of it. Leaves when it goes from stage to
 * stage to residency_keeper.c. Under residency's lock. */
#ifndef RESIDENT_MODEL_H
#define RESIDENT_MODEL_H

#include "base/base.h"
#include "server/residency/task_list.h"
#include "server/residency/worker_process.h"

struct residency;

enum model_stage {
    MODEL_WANTED,  /* waits for its turn to be loaded */
    MODEL_OPENING, /* its worker reads it */
    MODEL_FITTING, /* what it needs is known, and there is no room yet */
    MODEL_SERVING,
    MODEL_LEAVING, /* its worker shall end */
    MODEL_GONE,    /* its worker has ended */
};

struct resident_model {
    struct residency *residency;
    struct resident_model *next;
    char *name, *path;
    enum model_stage stage;
    struct worker_process *process; /* NULL until it was started */

    const struct json *ready; /* of FRAME_READY; the next five are out of it */
    uint64_t weights_bytes, scratch_bytes, page_bytes;
    uint32_t page_tokens, n_ctx_most;

    bool is_yielding;   /* it serves, takes no more requests, and goes when it is idle */
    bool shall_go;      /* model_exchange.h chose it */
    uint64_t waits_ns;  /* for room since then; 0: it does not, as in the next two */
    uint64_t first_ns;  /* it is the first of those since then */
    uint64_t giving_ns; /* others give back memory for it since then */

    bool is_granted;     /* it counts in the budget */
    uint64_t kv_granted; /* whole pages */
    uint64_t kv_share;   /* what model_fitting.c thinks best */
    uint32_t n_ctx;

    struct model_state { /* of FRAME_STATE */
        uint64_t kv_used, kv_cached, kv_allocated;
        uint64_t prompt_tokens, cached_tokens, answer_tokens;
        uint32_t n_running;
    } state;

    struct task *queue; /* until it serves; of a leaving one those who wait for its end */
    size_t n_sent;      /* tasks with its worker */
    size_t n_pins;      /* threads that tell somebody of it */
    bool is_visited;    /* while residency_visit is under way */
    int64_t keep_alive_ns;
    uint64_t began_ns;   /* its load */
    uint64_t serving_ns; /* since then */
    uint64_t idle_ns;    /* since then, when n_sent is 0 */
    uint64_t load_ns;
    struct error refusal; /* why it was not loaded, in the worker's words */
};

struct resident_model *resident_model_new(const char *name, const char *path); /* NULL: no memory */
void resident_model_free(struct resident_model *model); /* its process is closed, its queue empty */

void resident_model_enqueue(struct resident_model *model, struct task *task);
struct task *resident_model_dequeue(struct resident_model *model); /* NULL: empty */

/* What READY and STATE say; `n_ctx` limits the model's own, 0: does not. ERROR_FORMAT for what
 * cannot be. */
bool resident_model_read_ready(struct resident_model *model, struct slice payload, uint32_t n_ctx,
                               struct error *err) MUST_CHECK;
bool resident_model_read_state(struct resident_model *model, struct slice payload,
                               struct error *err) MUST_CHECK;

bool resident_model_is_idle(const struct resident_model *model);

/* Keys and values of so many tokens, in whole pages; and the longest context so much memory holds.
 */
uint64_t resident_model_kv_bytes(const struct resident_model *model, uint64_t n_tokens);
uint32_t resident_model_n_ctx(const struct resident_model *model, uint64_t kv_bytes);

struct model_facts resident_model_facts(const struct resident_model *model,
                                        const struct task *task);

#endif
