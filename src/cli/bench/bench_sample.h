/* bench_sample.h: one repetition of a measurement, and what many of them say.
 *
 * Owns the medians. Immutable. */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include "cli/bench/bench_row.h"

/* As in struct bench_row. */
struct bench_sample {
    double tps, ttft_ms, read_gbs, read_share, peak_gops, peak_share;
};

/* Fill those fields of the row, and the number of repetitions, which is 1 to
 * BENCH_MOST_REPETITIONS. */
void bench_samples_summarize(const struct bench_sample *samples, size_t n, struct bench_row *row);

#endif
