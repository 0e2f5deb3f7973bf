/* hearth_private.h: what the two halves of the public interface share. Private to the runtime room.
 */
#ifndef HEARTH_PRIVATE_H
#define HEARTH_PRIVATE_H

#include "hearth.h"

#include "runtime/constraint.h"
#include "runtime/engine.h"
#include "runtime/step_costs.h"

#include <pthread.h>

struct hearth_model {
    struct engine *engine;
    char *name;              /* general.name or "" */
    pthread_mutex_t turn;    /* held during a step and until its logits are sampled */
    struct step_costs costs; /* guarded by turn */
    pthread_mutex_t tokens_lock;
    struct constraint_tokens *tokens; /* guarded by tokens_lock; NULL before they are asked for */
};

/* The vocabulary for constraints, made when first asked for; the model's. */
bool hearth_model_tokens(struct hearth_model *model, const struct constraint_tokens **out,
                         struct error *err) MUST_CHECK;

/* Copy an inner error to the public one, which may be NULL. Always returns false. */
bool hearth_tell(struct hearth_error *out, const struct error *err);

#endif
