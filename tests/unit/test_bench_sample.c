/* The program's files are no part of the library, so they are compiled in here; before test.h,
 * whose cmocka takes the name fail for a macro. */
#include "cli/bench/bench_sample.c"

#include "test.h"

#include <math.h>

TEST(a_row_has_the_median_and_the_range)
{
    struct bench_sample samples[] = {
        { .tps = 3, .read_gbs = 40, .ttft_ms = NAN },
        { .tps = 9, .read_gbs = 10, .ttft_ms = NAN },
        { .tps = 4, .read_gbs = 20, .ttft_ms = NAN },
        { .tps = 1, .read_gbs = 30, .ttft_ms = NAN },
    };
    struct bench_row row = { 0 };
    bench_samples_summarize(samples, 3, &row);
    assert_true(row.tps == 4 && row.tps_min == 3 && row.tps_max == 9 && row.read_gbs == 20);
    bench_samples_summarize(samples, 4, &row);
    assert_true(row.tps == 3.5 && row.tps_min == 1 && row.tps_max == 9 && row.read_gbs == 25);
    assert_true(isnan(row.ttft_ms) && row.n_repetitions == 4);
}
