/* bench_report.h: the results of one call of `hearth bench` on standard output.
 *
 * Owns the text between the first row and the last. Leaves how a row is written to bench_row.h.
 * Tables grow line by line, so that a long run shows what it has. One thread. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "cli/bench/bench_row.h"

struct bench_report {
    enum bench_format format;
    size_t n_rows;
    struct text line;                    /* being written */
    struct bench_row prompt, generation; /* the last of each kind */
};

/* "text", "md", "csv", "json", "jsonl"; the error lists them. */
bool bench_format_find(enum bench_format *out, const char *name, struct error *err) MUST_CHECK;

void bench_report_init(struct bench_report *report, enum bench_format format);
void bench_report_release(struct bench_report *report);

bool bench_report_row(struct bench_report *report, const struct bench_row *row,
                      struct error *err) MUST_CHECK;

/* A line that tells who waits for it: all is ready for measuring at that depth. */
bool bench_report_ready(struct bench_report *report, uint32_t depth, struct error *err) MUST_CHECK;

/* What stands below the rows. `is_simple`: they are one prompt and one generation. */
bool bench_report_end(struct bench_report *report, bool is_simple, struct error *err) MUST_CHECK;

#endif
