/* bench_gauge.h: how fast this machine is at this moment, in the limits that matter here.
 *
 * Owns the threads that measure streaming memory and the peak of the dot products, and the passes
 * since the gauge was set to zero. Leaves to bench_measure.h when to pass: a shared machine changes
 * within seconds, so limits count only beside what they are compared with. One thread. */
#ifndef BENCH_GAUGE_H
#define BENCH_GAUGE_H

#include "base/base.h"
#include "base/error.h"
#include "kernels/kernels.h"

struct bench_gauge;

struct bench_limits {
    double read_bytes;             /* a second */
    double integer_ops, float_ops; /* int8 and float32, a second; 0: not known for this level */
};

bool bench_gauge_open(struct bench_gauge **out, size_t n_threads, struct error *err) MUST_CHECK;
void bench_gauge_close(struct bench_gauge **gauge); /* accepts NULL, leaves NULL */

/* What the gauge itself keeps resident. */
uint64_t bench_gauge_bytes(const struct bench_gauge *gauge);

/* Forget the passes. */
void bench_gauge_zero(struct bench_gauge *gauge);

/* Some 20 ms: read memory once, then multiply with the level of `kernels`. */
void bench_gauge_pass(struct bench_gauge *gauge, const struct kernels *kernels);

/* Means of the passes since the gauge was set to zero; at least one. */
struct bench_limits bench_gauge_limits(const struct bench_gauge *gauge);

#endif
