/* worker_model.h: the one model of a worker, and what it can do.
 *
 * Owns model and dialogue. Immutable once opened but for the granted context; any thread. */
#ifndef WORKER_MODEL_H
#define WORKER_MODEL_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"
#include "dialogue/dialogue.h"
#include "hearth.h"
#include "runtime/engine.h"

#include <stdatomic.h>

struct worker_model {
    struct hearth_model *model;
    struct dialogue *dialogue;
    const struct engine *engine;       /* the model's */
    const struct tokenizer *tokenizer; /* the model's */
    size_t n_vocab;
    bool can_think, can_call, can_insert;
    bool is_embedder;       /* made for that: the file says how */
    _Atomic uint32_t n_ctx; /* the longest context of any request that comes now */
};

/* `open`: of FRAME_OPEN. Threads are started, so the process must be locked in by now; `n_threads`
 * is what was found before. To be closed also after a failure. */
bool worker_model_open(struct worker_model *out, const struct json *open, uint32_t n_threads,
                       struct error *err) MUST_CHECK;
void worker_model_close(struct worker_model *model);

/* What a dialogue can be asked beside plain completion. */
struct dialogue_talents {
    bool can_think, can_call;
};
struct dialogue_talents dialogue_talents(const struct dialogue *dialogue);

#endif
