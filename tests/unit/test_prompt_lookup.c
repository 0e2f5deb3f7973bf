#include "test.h"

#include "base/memory.h"
#include "runtime/prompt_lookup.h"

static struct prompt_lookup *lookup_of(const token_id *tokens, size_t n)
{
    struct prompt_lookup *lookup = prompt_lookup_new();
    assert_non_null(lookup);
    for (size_t i = 0; i < n; i++)
        assert_true(prompt_lookup_push(lookup, tokens[i]));
    return lookup;
}

TEST(a_repeated_run_is_continued_as_before)
{
    static const token_id tokens[] = { 1, 2, 3, 4, 5, 6, 9, 9, 2, 3, 4 };
    struct prompt_lookup *lookup = lookup_of(tokens, COUNT_OF(tokens));
    token_id guess[4];
    size_t n_matched;
    assert_int_equal(prompt_lookup_guess(lookup, guess, 4, &n_matched), 4);
    assert_int_equal(n_matched, 3);
    assert_int_equal(guess[0], 5);
    assert_int_equal(guess[3], 9);
    assert_int_equal(prompt_lookup_guess(lookup, guess, 2, &n_matched), 2);
    prompt_lookup_free(&lookup);
}

TEST(new_text_and_short_text_give_no_guess)
{
    static const token_id tokens[] = { 1, 2, 3, 4, 5, 6, 7 };
    token_id guess[4];
    size_t n_matched;
    for (size_t n = 0; n <= COUNT_OF(tokens); n++) {
        struct prompt_lookup *lookup = lookup_of(tokens, n);
        assert_int_equal(prompt_lookup_guess(lookup, guess, 4, &n_matched), 0);
        assert_int_equal(n_matched, 0);
        prompt_lookup_free(&lookup);
    }
}

TEST(the_occurrence_that_agrees_longest_wins_over_the_latest)
{
    static const token_id tokens[] = { 7, 1, 2, 3, 40, 8, 1, 2, 3, 50, 7, 1, 2, 3 };
    struct prompt_lookup *lookup = lookup_of(tokens, COUNT_OF(tokens));
    token_id guess[1];
    size_t n_matched;
    assert_int_equal(prompt_lookup_guess(lookup, guess, 1, &n_matched), 1);
    assert_int_equal(guess[0], 40);
    assert_int_equal(n_matched, 4);
    prompt_lookup_free(&lookup);
}

TEST(a_loop_guesses_itself_however_long_it_runs)
{
    struct prompt_lookup *lookup = prompt_lookup_new();
    token_id guess[8];
    size_t n_matched;
    for (int i = 0; i < 10000; i++)
        assert_true(prompt_lookup_push(lookup, i % 5));
    assert_int_equal(prompt_lookup_guess(lookup, guess, 8, &n_matched) > 0, 1);
    assert_int_equal(n_matched, LOOKUP_LONGEST);
    assert_int_equal(guess[0], 0);
    prompt_lookup_clear(lookup);
    assert_int_equal(prompt_lookup_guess(lookup, guess, 8, &n_matched), 0);
    prompt_lookup_free(&lookup);
}

TEST(a_failing_allocation_leaves_the_lookup_usable)
{
    struct prompt_lookup *lookup = prompt_lookup_new();
    for (int64_t fail_at = 0; fail_at < 3; fail_at++) {
        memory_fail_after(fail_at);
        assert_false(prompt_lookup_push(lookup, 1));
        memory_fail_after(-1);
    }
    assert_true(prompt_lookup_push(lookup, 1));
    prompt_lookup_free(&lookup);
}
