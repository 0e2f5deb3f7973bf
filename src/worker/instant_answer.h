/* instant_answer.h: requests that need no step of the model: tokens, counts, prompts.
 *
 * Owns the JSON of their FRAME_RESULT. Any thread. */
#ifndef INSTANT_ANSWER_H
#define INSTANT_ANSWER_H

#include "base/text.h"
#include "worker/refusal.h"
#include "worker/worker_model.h"
#include "worker/worker_request.h"

bool is_instant(const struct worker_request *request);
bool instant_answer_write(struct text *out, const struct worker_model *model,
                          const struct worker_request *request, struct refusal *why) MUST_CHECK;

#endif
