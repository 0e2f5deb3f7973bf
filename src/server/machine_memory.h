/* machine_memory.h: how much memory this process could have.
 *
 * Owns nothing. Any thread. */
#ifndef MACHINE_MEMORY_H
#define MACHINE_MEMORY_H

#include "base/base.h"

/* What the machine has, or the limit of a cgroup that this process is in where that is less. */
uint64_t machine_memory_bytes(void);

/* The least memory.max from `folder` upwards to `root`, UINT64_MAX when there is none. */
uint64_t cgroup_memory_limit(const char *root, const char *folder);

#endif
