/* memory_limit.h: how much memory this machine gives us.
 *
 * Owns nothing. Reads the machine's memory and the limits of the control groups (versions 1 and 2)
 * that this process lives in. Any thread. */
#ifndef MEMORY_LIMIT_H
#define MEMORY_LIMIT_H

#include "base/base.h"

/* The smallest of them in bytes; 0 when the system does not tell. */
uint64_t memory_limit_bytes(void);

/* The same of another tree than "/", for tests. */
uint64_t memory_limit_below(const char *root);

#endif
