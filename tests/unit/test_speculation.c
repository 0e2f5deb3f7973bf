#include "test.h"

#include "runtime/speculation.h"

static const token_id tokens[SPECULATION_DEEPEST];

static struct lookup_guess guess_after(size_t n_matched)
{
    return (struct lookup_guess){ .tokens = tokens,
                                  .n_tokens = SPECULATION_DEEPEST,
                                  .n_matched = n_matched };
}

static void measure(struct step_costs *costs, double row_share)
{
    step_costs_init(costs);
    for (int i = 0; i < 50; i++)
        for (size_t rows = 1; rows <= STEP_ROWS; rows++)
            step_costs_measured(costs, rows,
                                (uint64_t)(1e6 * (1 + row_share * (double)(rows - 1))));
}

TEST(guesses_that_come_true_are_checked_deeply)
{
    struct speculation s;
    struct step_costs costs;
    struct lookup_guess guess = guess_after(LOOKUP_LONGEST);
    speculation_init(&s);
    measure(&costs, 0.05);
    for (int i = 0; i < 20; i++)
        speculation_learned(&s, &guess, 8, 8);
    assert_true(speculation_depth(&s, &costs, &guess) >= 8);
    guess.n_tokens = 5;
    assert_int_equal(speculation_depth(&s, &costs, &guess), 5);
}

TEST(guesses_that_fail_are_given_up)
{
    struct speculation s;
    struct step_costs costs;
    struct lookup_guess guess = guess_after(3);
    speculation_init(&s);
    measure(&costs, 0.1);
    for (int i = 0; i < 40; i++)
        speculation_learned(&s, &guess, 4, 0);
    assert_int_equal(speculation_depth(&s, &costs, &guess), 0);
}

TEST(unchecked_guesses_that_would_have_come_true_bring_checking_back)
{
    struct speculation s;
    struct step_costs costs;
    struct lookup_guess guess = guess_after(3);
    speculation_init(&s);
    measure(&costs, 0.1);
    for (int i = 0; i < 40; i++)
        speculation_learned(&s, &guess, 4, 0);
    int steps = 0;
    for (; speculation_depth(&s, &costs, &guess) == 0 && steps < 1000; steps++)
        speculation_learned(&s, &guess, 1, 1);
    assert_in_range(steps, 2, 20);
}

TEST(kinds_and_lengths_of_guesses_are_told_apart)
{
    struct speculation s;
    struct step_costs costs;
    struct lookup_guess lone = guess_after(8), copy = guess_after(8), disputed = guess_after(8);
    copy.is_copy = true;
    disputed.has_second = true;
    speculation_init(&s);
    measure(&costs, 0.1);
    for (int i = 0; i < 100; i++)
        speculation_learned(&s, &disputed, 1, 0);
    assert_int_equal(speculation_depth(&s, &costs, &disputed), 0);
    assert_true(speculation_depth(&s, &costs, &lone) > 0);
    assert_true(speculation_depth(&s, &costs, &copy) > 0);
    disputed.n_agreed = 4; /* checked up to where the places disagree */
    assert_int_equal(speculation_depth(&s, &costs, &disputed), 4);
}

TEST(rows_that_cost_as_much_as_steps_are_never_worth_it)
{
    struct speculation s;
    struct step_costs costs;
    struct lookup_guess guess = guess_after(LOOKUP_LONGEST);
    speculation_init(&s);
    measure(&costs, 1.0);
    assert_int_equal(speculation_depth(&s, &costs, &guess), 0);
}
