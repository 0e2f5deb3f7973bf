#include "test.h"

#include "runtime/step_costs.h"

static void assert_about(double got, double want)
{
    if (!(got > want - 0.05 && got < want + 0.05))
        fail_msg("%g, about %g expected", got, want);
}

TEST(rows_cost_little_before_anything_was_measured)
{
    struct step_costs costs;
    step_costs_init(&costs);
    assert_true(step_costs_relative(&costs, 1) == 1);
    assert_in_range((int)(100 * step_costs_relative(&costs, STEP_ROWS)), 120, 300);
}

TEST(measured_steps_tell_what_rows_cost)
{
    struct step_costs costs;
    step_costs_init(&costs);
    for (int i = 0; i < 100; i++)
        for (size_t rows = 1; rows <= STEP_ROWS; rows *= 2)
            step_costs_measured(&costs, rows, 1000000 + 50000 * (rows - 1));
    assert_about(step_costs_relative(&costs, 4), 1.15);
    assert_about(step_costs_relative(&costs, 6), 1.25); /* between its neighbours */
    assert_about(step_costs_relative(&costs, 16), 1.75);
}

TEST(a_machine_that_slows_down_changes_no_relation)
{
    struct step_costs costs;
    step_costs_init(&costs);
    for (int i = 0; i < 100; i++)
        for (size_t rows = 1; rows <= STEP_ROWS; rows++)
            step_costs_measured(&costs, rows, 1000000 + 100000 * (rows - 1));
    for (int i = 0; i < 50; i++)
        step_costs_measured(&costs, 1, 2000000);
    assert_about(step_costs_relative(&costs, 6), 1.5);
    for (int i = 0; i < 50; i++)
        step_costs_measured(&costs, 6, 3000000);
    assert_about(step_costs_relative(&costs, 6), 1.5);
}

TEST(one_interrupted_step_is_outlived)
{
    struct step_costs costs;
    step_costs_init(&costs);
    for (int i = 0; i < 50; i++)
        step_costs_measured(&costs, 1, 1000000);
    step_costs_measured(&costs, 8, 100000000);
    for (int i = 0; i < 2000; i++)
        step_costs_measured(&costs, i % 2 ? 1 : 12, i % 2 ? 1000000 : 1400000);
    assert_true(step_costs_relative(&costs, 8) < 1.5);
}

TEST(odd_row_counts_are_ignored)
{
    struct step_costs costs;
    step_costs_init(&costs);
    step_costs_measured(&costs, 0, 1);
    step_costs_measured(&costs, STEP_ROWS + 1, 1);
    step_costs_measured(&costs, 1, 0);
    assert_true(costs.single_ns == 0);
}
