/* profile.h: where the time of a plan's runs goes, by operation.
 *
 * Owns counters for each thread and the names of what they count. Leaves to evaluate.c when a clock
 * is read and to the caller what lies between runs. Written by the threads of a run, read between
 * runs. A plan without a profile reads no clock. */
#ifndef PROFILE_H
#define PROFILE_H

#include "base/base.h"
#include "base/error.h"

struct plan;
struct profile;

enum profile_kind { PROFILE_MATRIX, PROFILE_ATTENTION, PROFILE_ROW, PROFILE_NO_KERNEL };

struct profile_row {
    char name[48]; /* "linear 2048 -> 8192 Q4_0" */
    enum profile_kind kind;
    uint64_t calls, ns; /* of all threads together */
};

struct profile_report {
    uint64_t n_runs, run_ns; /* run_ns x n_threads is what the rows are parts of */
    size_t n_threads;
    const struct profile_row *rows; /* [n_rows] longest first; borrowed until the next report */
    size_t n_rows;
};

/* Rows that belong to no operation. */
enum profile_extra {
    PROFILE_STARTING, /* from the begin of a run until a thread is at work, and from its end on */
    PROFILE_WAITING,  /* at barriers: after rows, after matmuls, after attention */
    PROFILE_EXTRAS = PROFILE_WAITING + 3
};

/* Numbers the plan's operations by their rows. */
bool profile_open(struct profile **out, struct plan *plan, struct error *err) MUST_CHECK;
void profile_close(struct profile **profile); /* accepts NULL, leaves NULL */
void profile_clear(struct profile *profile);
void profile_report(struct profile *profile, struct profile_report *out);

/* For evaluate.c: one thread's stopwatch, which gives the time since the last reading to a row. */
struct profile_watch {
    struct profile_counter *counters; /* NULL: not measured */
    uint64_t last_ns;
};
struct profile_watch profile_watch(struct profile *profile, size_t thread); /* accepts NULL */
void profile_note(struct profile_watch *watch, size_t row);

/* Around a run. */
void profile_run_begins(struct profile *profile);
void profile_run_ends(struct profile *profile);

#endif
