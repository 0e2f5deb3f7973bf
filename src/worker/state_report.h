/* state_report.h: how it goes, as FRAME_STATE tells it.
 *
 * Owns the members' names. The scheduler's thread. */
#ifndef STATE_REPORT_H
#define STATE_REPORT_H

#include "runtime/engine.h"
#include "worker/batch_step.h"
#include "worker/outbox.h"

struct state_report {
    size_t n_running, n_waiting;
    uint64_t kv_used_bytes, kv_cached_bytes, kv_allocated_bytes;
    struct step_sums sums;
};

void state_report_add_pages(struct state_report *report, const struct engine *engine);
void state_report_send(const struct state_report *report, struct outbox *outbox);

#endif
