/* clock.h: time that only moves forward.
 *
 * Owns nothing. Any thread. */
#ifndef CLOCK_H
#define CLOCK_H

#include "base/base.h"

/* Nanoseconds since some fixed moment. */
uint64_t clock_ns(void);

#endif
