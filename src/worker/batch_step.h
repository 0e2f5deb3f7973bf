/* batch_step.h: one step of many answers together.
 *
 * Owns the rows of the step, what they cost so far (step_pace.h) and the sums that are told of.
 * Says what came of it to the server. The scheduler's thread only. */
#ifndef BATCH_STEP_H
#define BATCH_STEP_H

#include "base/base.h"
#include "base/error.h"
#include "runtime/engine.h"
#include "worker/job.h"
#include "worker/outbox.h"
#include "worker/step_pace.h"

struct batch_step;

bool batch_step_open(struct batch_step **out, struct engine *engine, struct outbox *outbox,
                     struct error *err) MUST_CHECK;
void batch_step_close(struct batch_step **step); /* accepts NULL, leaves NULL */

enum step_outcome {
    STEP_DONE,
    STEP_NO_MEMORY, /* nothing changed: somebody's pages must go first */
};

/* Of the n choices, all CHOICE_RUNNING, the next ones move on; those that are over then, or whose
 * request failed, are CHOICE_OVER. *err is filled for STEP_NO_MEMORY. */
enum step_outcome batch_step_run(struct batch_step *step, struct choice *const *choices, size_t n,
                                 struct error *err);

/* The request cannot be answered: it is told so, and all of its choices are over. */
void batch_step_refuse(struct batch_step *step, struct job *job, const struct refusal *why);

/* The request is over; what was written of its answers is told. Between steps. */
void batch_step_cancel(struct batch_step *step, struct job *job);

/* Sums since the start. */
struct step_sums {
    uint64_t steps, prompt_tokens, cached_tokens, answer_tokens;
};
struct step_sums batch_step_sums(const struct batch_step *step);

#endif
