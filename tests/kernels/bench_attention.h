/* bench_attention.h: attention at depth beside the limits of the machine.
 *
 * Owns what `check-kernels --bench` prints about it. One thread calls, all processors work. */
#ifndef BENCH_ATTENTION_H
#define BENCH_ATTENTION_H

#include "check.h"

void bench_attention(struct check *c, enum kv_type type);

#endif
