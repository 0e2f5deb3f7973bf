/* schedule.h: the order in which a graph's nodes run, cut into phases. Private to the array room.
 */
#ifndef SCHEDULE_H
#define SCHEDULE_H

#include "array/phases.h"

/* Fill plan->phases with operations (node, op, rows) in order; values are not looked up yet. */
bool schedule_phases(struct plan *plan, struct array **nodes, size_t n_nodes,
                     struct error *err) MUST_CHECK;

#endif
