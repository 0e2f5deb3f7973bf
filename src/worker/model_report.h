/* model_report.h: what was loaded, as FRAME_READY tells it (docs/worker.md).
 *
 * Owns the members' names. One thread. */
#ifndef MODEL_REPORT_H
#define MODEL_REPORT_H

#include "base/text.h"
#include "worker/sandbox.h"
#include "worker/worker_model.h"

/* Append it; false when the text is full. */
bool model_report_write(struct text *out, const struct worker_model *model,
                        const struct sandbox_report *sandbox);

#endif
