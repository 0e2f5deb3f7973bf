#include "cli/bench/bench_sample.h"

#include <stdlib.h>

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of one field of n samples; `sorted` has room for them and keeps them in order. */
static double median(const struct bench_sample *samples, size_t offset, size_t n, double *sorted)
{
    for (size_t i = 0; i < n; i++)
        memcpy(&sorted[i], (const uint8_t *)&samples[i] + offset, sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare_doubles);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}
#define MEDIAN(field) median(samples, offsetof(struct bench_sample, field), n, sorted)

void bench_samples_summarize(const struct bench_sample *samples, size_t n, struct bench_row *row)
{
    double sorted[BENCH_MOST_REPETITIONS];
    row->n_repetitions = (double)n;
    row->ttft_ms = MEDIAN(ttft_ms);
    row->read_gbs = MEDIAN(read_gbs);
    row->read_share = MEDIAN(read_share);
    row->peak_gops = MEDIAN(peak_gops);
    row->peak_share = MEDIAN(peak_share);
    row->tps = MEDIAN(tps);
    row->tps_min = sorted[0];
    row->tps_max = sorted[n - 1];
}
