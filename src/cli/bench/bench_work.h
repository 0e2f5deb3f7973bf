/* bench_work.h: what a step must read and multiply, whoever does it.
 *
 * Owns the count of bytes and operations of one model's step, from its file and its shape alone.
 * Leaves to bench_gauge.h how fast this machine could do that. Immutable. */
#ifndef BENCH_WORK_H
#define BENCH_WORK_H

#include "base/base.h"
#include "cli/bench/bench_gauge.h"
#include "runtime/engine.h"

struct bench_work {
    double weight_bytes; /* read by every step: all matrices; the embedding only if it is output */
    double position_bytes; /* keys and values of one position, all layers */
    uint32_t window;       /* positions that windowed layers see; 0: all see everything */
    double windowed;       /* share of the layers */
    struct {
        double integers, floats; /* operations on weights of quantized and of float types */
    } row, output;               /* for each token, and for each token whose logits are wanted */
};

/* `position_bytes` as in the struct. */
struct bench_work bench_work_of(const struct engine *engine, double position_bytes);

/* Bytes of a step of n_sequences tokens that each see `context` positions. */
double bench_work_step_bytes(const struct bench_work *work, uint32_t n_sequences, double context);

/* Seconds that the matmuls of so many tokens take at the peaks; 0: these are not known. */
double bench_work_matmul_seconds(const struct bench_work *work, double n_rows, double n_outputs,
                                 const struct bench_limits *limits);

#endif
