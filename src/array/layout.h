/* layout.h: where a plan's values lie, from their lifetimes. Private to the array room. */
#ifndef LAYOUT_H
#define LAYOUT_H

#include "array/phases.h"

/* Make a value for every operation's result, look up inputs and constants, let results take the
 * place of inputs that die, and give every value an offset; sets plan->output, plan->hidden and
 * plan->memory_bytes. */
bool layout_values(struct plan *plan, const struct graph *graph, size_t n_nodes,
                   struct error *err) MUST_CHECK;

#endif
