/* bench_row.h: the result of one measurement, and how it is written.
 *
 * Owns the columns: one table says what each is called and in which formats it stands. Leaves where
 * the text goes to bench_report.h. Any thread. */
#ifndef BENCH_ROW_H
#define BENCH_ROW_H

#include "base/base.h"
#include "base/text.h"
#include "cli/bench/bench_plan.h"

/* Numbers that are not known are NAN. */
struct bench_row {
    const char *model; /* path as given */
    const char *cpu;   /* level of the kernels */
    const char *kv_type;
    struct bench_test test;
    char name[64]; /* of the test */
    double n_threads, n_repetitions;
    double tps, tps_min, tps_max; /* tokens a second of all sequences; median of repetitions */
    double ttft_ms;               /* prompts: until the first token of the answer is chosen */
    double read_gbs, read_share;  /* generations: of streaming memory, in the same repetition */
    double peak_gops, peak_share; /* of int8 dot products; the share: of a matmul at the peak */
    double load_ms;               /* opening the model, its file in the page cache */
    /* Of the process: largest resident size since the model was opened, the mapped file among it;
     * keys and values; what is resident beyond these two. */
    double peak_bytes, kv_bytes, extra_bytes;
};

enum bench_format { BENCH_TEXT, BENCH_MARKDOWN, BENCH_CSV, BENCH_JSON, BENCH_JSON_LINES };

/* The line(s) above the rows of a table; nothing for the others. */
bool bench_row_write_head(struct text *out, enum bench_format format);

/* One line with its end; for BENCH_JSON one object without. Not for BENCH_TEXT. */
bool bench_row_write(struct text *out, enum bench_format format, const struct bench_row *row);

/* One measurement of each kind for people. */
bool bench_rows_write_text(struct text *out, const struct bench_row *prompt,
                           const struct bench_row *generation);

/* The members (without braces) by which scripts know one measurement of each kind. */
bool bench_rows_write_summary(struct text *out, const struct bench_row *prompt,
                              const struct bench_row *generation);

#endif
