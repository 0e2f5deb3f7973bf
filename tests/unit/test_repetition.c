#include "test.h"

#include "base/memory.h"
#include "runtime/repetition.h"

static struct repetition *opened(void)
{
    struct repetition *r = repetition_new();
    assert_non_null(r);
    return r;
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* How many tokens a loop of a period has when it counts as one. */
static size_t loop_length(size_t period)
{
    size_t often = REPETITION_TIMES * period;
    return often > REPETITION_LEAST ? often : REPETITION_LEAST;
}

TEST(a_loop_of_any_period_is_seen_as_soon_as_it_is_long_and_frequent_enough)
{
    struct repetition *r = opened();
    for (size_t period = 1; period <= REPETITION_LONGEST; period++) {
        repetition_clear(r);
        for (token_id i = 0; i < 700; i++) /* an answer that begins well */
            assert_int_equal(repetition_push(r, 100000 + i), 0);
        size_t length = loop_length(period);
        for (size_t i = 0; i + 1 < length; i++)
            if (repetition_push(r, (token_id)(i % period)) != 0)
                fail_msg("period %zu: a loop after %zu tokens of %zu", period, i + 1, length);
        for (size_t i = length - 1; i < length + 2 * period; i++)
            assert_int_equal(repetition_push(r, (token_id)(i % period)), period);
        assert_int_equal(repetition_push(r, 9999), 0); /* it went on elsewhere after all */
    }
    repetition_free(&r);
}

TEST(a_loop_may_begin_with_the_answer)
{
    struct repetition *r = opened();
    for (size_t i = 1; i < REPETITION_LEAST; i++)
        assert_int_equal(repetition_push(r, 0), 0);
    assert_int_equal(repetition_push(r, 0), 1);
    repetition_free(&r);
}

TEST(a_period_longer_than_any_looked_for_is_no_loop)
{
    struct repetition *r = opened();
    for (size_t i = 0; i < 10 * REPETITION_LONGEST; i++)
        assert_int_equal(repetition_push(r, (token_id)(i % (REPETITION_LONGEST + 1))), 0);
    repetition_free(&r);
}

/* A line of text whose number grows, as in a list, a table or a log. */
TEST(lines_with_counters_are_no_loop)
{
    for (size_t width = 2; width <= 40; width++) {
        struct repetition *r = opened();
        for (size_t i = 0; i < 30000; i++) {
            size_t column = i % width;
            token_id token = column == width / 2 ? (token_id)(1000 + i / width) : (token_id)column;
            assert_int_equal(repetition_push(r, token), 0);
        }
        repetition_free(&r);
    }
}

/* Digits as tokens of their own, the shape that comes nearest to a loop: of a hundred lines in a
 * row only the last two digits differ. */
TEST(counters_of_single_digits_are_no_loop)
{
    struct repetition *r = opened();
    for (size_t line = 0; line < 3000; line++) {
        token_id item[] = { 500,
                            501,
                            (token_id)(line / 1000 % 10),
                            (token_id)(line / 100 % 10),
                            (token_id)(line / 10 % 10),
                            (token_id)(line % 10),
                            502,
                            503,
                            10 };
        for (size_t i = 0; i < COUNT_OF(item); i++)
            assert_int_equal(repetition_push(r, item[i]), 0);
    }
    repetition_free(&r);
}

/* n tokens of one value, one of another. */
static size_t longest_stretch(size_t n_equal, size_t n_lines)
{
    struct repetition *r = opened();
    size_t found = 0;
    for (size_t line = 0; line < n_lines; line++) {
        for (size_t i = 0; i < n_equal && !found; i++)
            found = repetition_push(r, 45);
        if (!found)
            found = repetition_push(r, (token_id)(1000 + line));
    }
    repetition_free(&r);
    return found;
}

TEST(rulers_and_runs_of_spaces_are_no_loop)
{
    assert_int_equal(longest_stretch(80, 50), 0);
    assert_int_equal(longest_stretch(200, 50), 0);
    assert_int_equal(longest_stretch(REPETITION_LEAST - 1, 50), 0);
    assert_int_equal(longest_stretch(REPETITION_LEAST, 1), 1);
}

/* 0 , 0 , ... in rows of 8 and then 9 of them: two periods, neither long enough. */
TEST(small_matrices_of_equal_rows_are_no_loop)
{
    struct repetition *r = opened();
    for (size_t n = 8; n <= 9; n++)
        for (size_t row = 0; row < n; row++) {
            for (size_t i = 0; i < n; i++) {
                assert_int_equal(repetition_push(r, 48), 0);
                assert_int_equal(repetition_push(r, 44), 0);
            }
            assert_int_equal(repetition_push(r, 10), 0);
        }
    repetition_free(&r);
}

TEST(a_block_said_three_times_is_no_loop)
{
    struct repetition *r = opened();
    for (size_t period = 100; period <= REPETITION_LONGEST; period += 50) {
        repetition_clear(r);
        for (size_t i = 0; i < 3 * period; i++)
            assert_int_equal(repetition_push(r, (token_id)(i % period)), 0);
        for (size_t i = 0; i < period; i++)
            assert_int_equal(repetition_push(r, (token_id)(5000 + i)), 0);
    }
    repetition_free(&r);
}

TEST(a_new_answer_begins_without_a_past)
{
    struct repetition *r = opened();
    for (size_t i = 0; i < 2 * REPETITION_LEAST; i++)
        (void)repetition_push(r, 7);
    repetition_clear(r);
    for (size_t i = 1; i < REPETITION_LEAST; i++)
        assert_int_equal(repetition_push(r, 7), 0);
    assert_int_equal(repetition_push(r, 7), 1);
    repetition_free(&r);
}

/* The definition, on all tokens so far. */
static size_t loop_of(const token_id *tokens, size_t n)
{
    for (size_t period = 1; period <= REPETITION_LONGEST; period++) {
        size_t length = n < period ? n : period;
        while (length < n && tokens[n - 1 - length] == tokens[n - 1 - length + period])
            length++;
        if (length >= loop_length(period))
            return period;
    }
    return 0;
}

/* Texts of a few tokens in loops that break off, overlap and go over into others. */
TEST(loops_are_those_of_the_definition)
{
    enum { N = 6000 };
    static token_id tokens[N];
    size_t n_loops = 0;
    for (uint64_t seed = 1, kind = 0; kind < 12; kind++) {
        struct repetition *r = opened();
        for (size_t i = 0, left = 0, period = 1; i < N; i++, left--) {
            if (left == 0) {
                period = 1 + next_random(&seed) % (kind % 3 == 0 ? 4 : kind % 3 == 1 ? 40 : 400);
                left = 1 + next_random(&seed) % 1500;
            }
            bool repeats = i >= period && next_random(&seed) % 2000 != 0;
            tokens[i] = repeats ? tokens[i - period] : (token_id)(next_random(&seed) % 3);
            size_t want = loop_of(tokens, i + 1), got = repetition_push(r, tokens[i]);
            if (want != got)
                fail_msg("text %d, token %zu: period %zu, by definition %zu", (int)kind, i, got,
                         want);
            n_loops += want > 0;
        }
        repetition_free(&r);
    }
    assert_in_range(n_loops, 1000, 12 * N - 1000);
}

TEST(a_failing_allocation_is_told)
{
    memory_fail_after(0);
    struct repetition *r = repetition_new();
    memory_fail_after(-1);
    assert_null(r);
    repetition_free(&r);
}
