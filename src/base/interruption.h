/* interruption.h: whether anybody still wants what this thread works on.
 *
 * Owns the flag that a thread looks at while it works for somebody who may go away: each thread has
 * its own, and none at first. Loops of strangers' length ask now and then, and fail; leaves raising
 * the flag, and not using what was half done, to who set it. */
#ifndef INTERRUPTION_H
#define INTERRUPTION_H

#include "base/base.h"
#include "base/error.h"

#include <stdatomic.h>

/* From now on, until another or NULL is set; borrowed. */
void interruption_watch(const _Atomic bool *flag);

/* A load or two: cheap in inner loops. */
bool is_interrupted(void);

/* ERROR_CANCELLED once the flag is raised. */
bool interruption_check(struct error *err) MUST_CHECK;

#endif
