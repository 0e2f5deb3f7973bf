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
    struct lookup_guess guess = prompt_lookup_guess(lookup, 4);
    assert_int_equal(guess.n_tokens, 4);
    assert_int_equal(guess.n_matched, 3);
    assert_false(guess.is_copy);
    assert_int_equal(guess.tokens[0], 5);
    assert_int_equal(guess.tokens[3], 9);
    assert_int_equal(prompt_lookup_guess(lookup, 2).n_tokens, 2);
    prompt_lookup_free(&lookup);
}

TEST(new_text_and_short_text_give_no_guess)
{
    static const token_id tokens[] = { 1, 2, 3, 4, 5, 6, 7 };
    for (size_t n = 0; n <= COUNT_OF(tokens); n++) {
        struct prompt_lookup *lookup = lookup_of(tokens, n);
        assert_int_equal(prompt_lookup_guess(lookup, 4).n_tokens, 0);
        prompt_lookup_free(&lookup);
    }
}

TEST(the_occurrence_that_agrees_longest_wins_over_the_latest)
{
    static const token_id tokens[] = { 7, 1, 2, 3, 40, 8, 1, 2, 3, 50, 7, 1, 2, 3 };
    struct prompt_lookup *lookup = lookup_of(tokens, COUNT_OF(tokens));
    struct lookup_guess guess = prompt_lookup_guess(lookup, 1);
    assert_int_equal(guess.n_tokens, 1);
    assert_int_equal(guess.tokens[0], 40);
    assert_int_equal(guess.n_matched, 4);
    prompt_lookup_free(&lookup);
}

TEST(two_places_say_how_far_they_agree)
{
    static const token_id tokens[] = { 1, 2, 3, 40, 41, 50, 1, 2, 3, 40, 41, 60, 1, 2, 3 };
    struct prompt_lookup *lookup = lookup_of(tokens, COUNT_OF(tokens));
    struct lookup_guess guess = prompt_lookup_guess(lookup, 8);
    assert_int_equal(guess.tokens[2], 60);
    assert_true(guess.has_second);
    assert_int_equal(guess.n_agreed, 2);
    prompt_lookup_free(&lookup);
}

/* Tokens 100 to 139, of which the first 10 are then repeated, and what comes in the place of those
 * that follow. */
static struct prompt_lookup *copy_then(const token_id *instead, size_t n)
{
    struct prompt_lookup *lookup = prompt_lookup_new();
    assert_non_null(lookup);
    for (int i = 0; i < 40; i++)
        assert_true(prompt_lookup_push(lookup, 100 + i));
    for (int i = 0; i < 10; i++) {
        assert_true(prompt_lookup_push(lookup, 100 + i));
        (void)prompt_lookup_guess(lookup, 8);
    }
    for (size_t i = 0; i < n; i++)
        assert_true(prompt_lookup_push(lookup, instead[i]));
    return lookup;
}

TEST(a_copy_is_expected_to_go_on_after_replaced_tokens)
{
    static const token_id instead[] = { 7, 8 };
    struct prompt_lookup *lookup = copy_then(instead, COUNT_OF(instead));
    struct lookup_guess guess = prompt_lookup_guess(lookup, 4);
    assert_true(guess.is_copy);
    assert_int_equal(guess.n_matched, 0);
    assert_int_equal(guess.tokens[0], 112);
    prompt_lookup_free(&lookup);
}

TEST(a_copy_goes_on_where_its_next_tokens_are_found)
{
    static const token_id inserted[] = { 7, 8, 9, 110 }, left_out[] = { 115 };
    struct prompt_lookup *lookup = copy_then(inserted, COUNT_OF(inserted));
    struct lookup_guess guess = prompt_lookup_guess(lookup, 4);
    assert_true(guess.is_copy);
    assert_int_equal(guess.tokens[0], 111);
    prompt_lookup_free(&lookup);

    lookup = copy_then(left_out, COUNT_OF(left_out));
    guess = prompt_lookup_guess(lookup, 4);
    assert_true(guess.is_copy);
    assert_int_equal(guess.n_matched, 1);
    assert_int_equal(guess.tokens[0], 116);
    prompt_lookup_free(&lookup);
}

TEST(a_copy_that_ends_for_long_is_forgotten)
{
    token_id other[60];
    for (size_t i = 0; i < COUNT_OF(other); i++)
        other[i] = 500 + (token_id)i;
    struct prompt_lookup *lookup = copy_then(other, COUNT_OF(other));
    assert_int_equal(prompt_lookup_guess(lookup, 4).n_tokens, 0);
    prompt_lookup_free(&lookup);
}

TEST(a_copy_that_reaches_the_end_of_the_text_is_no_guess)
{
    struct prompt_lookup *lookup = prompt_lookup_new();
    assert_non_null(lookup);
    for (int i = 0; i < 3000; i++) { /* a run that is cut short at any place */
        assert_true(prompt_lookup_push(lookup, i % 97 < 90 ? i % 97 : i));
        struct lookup_guess guess = prompt_lookup_guess(lookup, 15);
        for (size_t j = 0; j < guess.n_tokens; j++)
            assert_in_range(guess.tokens[j], 0, i);
    }
    prompt_lookup_free(&lookup);
}

TEST(a_loop_guesses_itself_however_long_it_runs)
{
    struct prompt_lookup *lookup = prompt_lookup_new();
    for (int i = 0; i < 10000; i++)
        assert_true(prompt_lookup_push(lookup, i % 5));
    struct lookup_guess guess = prompt_lookup_guess(lookup, 8);
    assert_true(guess.n_tokens > 0);
    assert_int_equal(guess.n_matched, LOOKUP_LONGEST);
    assert_int_equal(guess.tokens[0], 0);
    prompt_lookup_clear(lookup);
    assert_int_equal(prompt_lookup_guess(lookup, 8).n_tokens, 0);
    prompt_lookup_free(&lookup);
}

TEST(a_failing_allocation_leaves_the_lookup_usable)
{
    struct prompt_lookup *lookup = prompt_lookup_new();
    for (int64_t fail_at = 0; fail_at < 7; fail_at++) {
        memory_fail_after(fail_at);
        assert_false(prompt_lookup_push(lookup, 1));
        memory_fail_after(-1);
    }
    assert_true(prompt_lookup_push(lookup, 1));
    prompt_lookup_free(&lookup);
}
