#include "test.h"

#include "runtime/speculation.h"

enum { LONG = 16, SHORT = 3 };

static void measure_flat(struct speculation *s, double row_share)
{
    for (size_t rows = 1; rows <= SPECULATION_DEEPEST + 1; rows++)
        speculation_measured(s, rows, (uint64_t)(1e6 * (1 + row_share * (double)(rows - 1))));
}

TEST(guesses_that_come_true_are_checked_deeply)
{
    struct speculation s;
    speculation_init(&s);
    measure_flat(&s, 0.05);
    for (int i = 0; i < 20; i++)
        speculation_learned(&s, LONG, 8, 8);
    assert_true(speculation_depth(&s, LONG) >= 8);
}

TEST(guesses_that_fail_are_given_up_and_tried_again_much_later)
{
    struct speculation s;
    speculation_init(&s);
    measure_flat(&s, 0.1);
    for (int i = 0; i < 30; i++)
        speculation_learned(&s, SHORT, 4, 0);
    assert_int_equal(speculation_depth(&s, SHORT), 0);
    int steps = 0;
    while (speculation_depth(&s, SHORT) == 0 && steps < 1000) {
        speculation_passed(&s, SHORT);
        steps++;
    }
    assert_in_range(steps, 5, 999);
}

TEST(rows_that_cost_as_much_as_steps_are_never_worth_it)
{
    struct speculation s;
    speculation_init(&s);
    measure_flat(&s, 1.0);
    assert_int_equal(speculation_depth(&s, SHORT), 0);
    assert_int_equal(speculation_depth(&s, LONG), 0);
}

TEST(odd_row_counts_are_ignored)
{
    struct speculation s;
    speculation_init(&s);
    speculation_measured(&s, 0, 1);
    speculation_measured(&s, SPECULATION_DEEPEST + 2, 1);
    for (size_t i = 0; i < COUNT_OF(s.step_ns); i++)
        assert_true(s.step_ns[i] == 0);
}
