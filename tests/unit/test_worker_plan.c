/* Tests of who takes part in a step, and with how much. */
#include "test.h"

#include "worker/step_pace.h"
#include "worker/step_plan.h"

static const struct step_limits limits = {
    .most_rows = 64, .most_outputs = 8, .most_prompt_rows = 32, .row_ns = 1000000
};

static struct step_wish writing(uint64_t rested_ns)
{
    return (struct step_wish){ .n_pending = 1, .rested_ns = rested_ns };
}

static struct step_wish reading(uint32_t n_pending, uint64_t served, uint64_t age_ns)
{
    return (struct step_wish){ .n_pending = n_pending, .client_served = served, .age_ns = age_ns };
}

TEST(answers_come_before_prompts_which_get_a_portion)
{
    struct step_wish wishes[] = { reading(500, 0, 0), writing(5), writing(6) };
    struct step_share shares[3];
    assert_int_equal(step_plan(wishes, 3, &limits, shares), 3);
    assert_int_equal(shares[0].wish, 2); /* who rested longer */
    assert_int_equal(shares[1].wish, 1);
    assert_int_equal(shares[0].rows, 1);
    assert_int_equal(shares[0].outputs, 1);
    assert_int_equal(shares[2].wish, 0);
    assert_int_equal(shares[2].rows, 32);
}

TEST(all_who_write_have_their_turn)
{
    struct step_wish wishes[20];
    size_t n_steps[20] = { 0 };
    struct step_share shares[20];
    for (size_t i = 0; i < 20; i++)
        wishes[i] = writing(0);
    for (size_t step = 0; step < 10; step++) {
        size_t n = step_plan(wishes, 20, &limits, shares);
        assert_int_equal(n, 8);
        for (size_t i = 0; i < 20; i++)
            wishes[i].rested_ns += 10;
        for (size_t i = 0; i < n; i++) {
            wishes[shares[i].wish].rested_ns = 0;
            n_steps[shares[i].wish]++;
        }
    }
    for (size_t i = 0; i < 20; i++)
        assert_in_range(n_steps[i], 3, 5);
}

TEST(a_prompt_has_an_output_however_many_write)
{
    struct step_wish wishes[21];
    struct step_share shares[21];
    for (size_t i = 0; i < 20; i++)
        wishes[i] = writing(i);
    wishes[20] = reading(10, 0, 0);
    size_t n = step_plan(wishes, 21, &limits, shares);
    assert_int_equal(n, 8);
    assert_int_equal(shares[7].wish, 20);
    assert_int_equal(shares[7].rows, 10);
}

/* The last row of each prompt wants logits, and there are only so many rows of those. */
TEST(prompts_that_end_together_have_an_output_each)
{
    struct step_wish wishes[10];
    struct step_share shares[10];
    uint32_t n_ended = 0;
    for (size_t i = 0; i < 10; i++)
        wishes[i] = reading(2, 0, 0);
    size_t n = step_plan(wishes, 10, &limits, shares);
    for (size_t i = 0; i < n; i++)
        n_ended += shares[i].rows == 2;
    assert_int_equal(n, 10);
    assert_int_equal(n_ended, 8);
    assert_int_equal(shares[9].rows, 1);
}

TEST(who_wants_every_row_has_as_many_as_there_are_outputs)
{
    struct step_wish wishes[] = { reading(100, 0, 0), reading(100, 1, 0) };
    struct step_share shares[2];
    wishes[0].wants_every_row = true;
    assert_int_equal(step_plan(wishes, 2, &limits, shares), 2);
    assert_int_equal(shares[0].rows, 8);
    assert_int_equal(shares[1].rows, 24);
}

TEST(clients_are_given_the_same)
{
    uint64_t served[2] = { 0 };
    uint32_t left[3] = { 400, 400, 400 }; /* the first client asks twice */
    static const size_t client[3] = { 0, 0, 1 };
    struct step_share shares[3];
    for (size_t step = 0; step < 10; step++) {
        struct step_wish wishes[3];
        for (size_t i = 0; i < 3; i++)
            wishes[i] = reading(left[i], served[client[i]], 0);
        size_t n = step_plan(wishes, 3, &limits, shares);
        assert_int_equal(n, 1);
        served[client[shares[0].wish]] += shares[0].rows;
        left[shares[0].wish] -= shares[0].rows;
    }
    assert_int_equal(served[0], served[1]);
}

TEST(short_prompts_go_first_and_long_ones_do_not_starve)
{
    struct step_share shares[2];
    struct step_wish both[] = { reading(4000, 0, 0), reading(20, 0, 0) };
    assert_int_equal(step_plan(both, 2, &limits, shares), 2);
    assert_int_equal(shares[0].wish, 1);
    assert_int_equal(shares[1].rows, 12); /* what the short one leaves of the portion */
    both[0].age_ns = 3000000000;          /* its 4 s are less than twice what it has waited */
    assert_int_equal(step_plan(both, 2, &limits, shares), 1);
    assert_int_equal(shares[0].wish, 0);
}

TEST(batch_requests_wait_for_interactive_ones_but_not_for_ever)
{
    struct step_share shares[2];
    struct step_wish both[] = { reading(10, 0, 1000), reading(4000, 1 << 20, 0) };
    both[0].is_batch = true;
    step_plan(both, 2, &limits, shares);
    assert_int_equal(shares[0].wish, 1);
    both[0].age_ns = 31ull * 1000 * 1000 * 1000;
    step_plan(both, 2, &limits, shares);
    assert_int_equal(shares[0].wish, 0);
}

TEST(only_few_that_write_alone_guess)
{
    struct step_wish wishes[] = { writing(1), writing(2), writing(3), reading(100, 0, 0) };
    struct step_share shares[4];
    assert_int_equal(step_plan(wishes, 1, &limits, shares), 1);
    assert_int_equal(shares[0].outputs, 8);
    assert_int_equal(step_plan(wishes, 2, &limits, shares), 2);
    assert_int_equal(shares[0].outputs, 4);
    assert_int_equal(step_plan(wishes, 3, &limits, shares), 3);
    assert_int_equal(shares[0].outputs, 1);
    assert_int_equal(step_plan(wishes + 2, 2, &limits, shares), 2);
    assert_int_equal(shares[0].outputs, 1);
}

/* ---- pace ---- */

TEST(a_step_beside_answers_stays_short)
{
    struct step_pace pace = { 0 };
    assert_true(step_pace_rows(&pace, 1) > 0);
    for (size_t i = 0; i < 20; i++) {
        step_pace_measured(&pace, 20000000, 4, 0);    /* 20 ms to write */
        step_pace_measured(&pace, 100000000, 0, 100); /* 1 ms a row */
    }
    assert_int_equal(step_pace_rows(&pace, 4), 50);
    assert_int_equal(step_pace_rows(&pace, 0), 70);
    for (size_t i = 0; i < 40; i++)
        step_pace_measured(&pace, 200000000, 4, 0); /* 200 ms: as much again for prompts */
    assert_in_range(step_pace_rows(&pace, 4), 190, 200);
}

TEST(the_slowest_model_still_reads_prompts)
{
    struct step_pace pace = { 0 };
    step_pace_measured(&pace, 1000000000, 0, 1);
    assert_int_equal(step_pace_rows(&pace, 0), 64);
    assert_int_equal(step_pace_rows(&pace, 3), 16);
}
