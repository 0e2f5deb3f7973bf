/* bench_measure.h: one model in one setting, measured as a plan asks.
 *
 * Owns the engine, the sequences and the samples while it measures. Leaves the choice of
 * measurements to bench_plan.h and the limits beside them to bench_gauge.h. At one depth the
 * repetitions of all measurements take turns, so that a machine that grows slower does so for all
 * of them. One thread. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "cli/bench/bench_report.h"

struct bench_setting {
    const char *path;
    size_t n_threads; /* 0: all */
    enum kv_type kv_type;
};

/* Fails when the model cannot be opened or its context is too small; measures nothing. */
bool bench_check(const struct bench_plan *plan, const char *path, struct error *err) MUST_CHECK;

/* One row of the report for each measurement of the plan. */
bool bench_measure(const struct bench_plan *plan, const struct bench_setting *setting,
                   struct bench_report *report, struct error *err) MUST_CHECK;

#endif
