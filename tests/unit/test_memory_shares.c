#include "test.h"

#include "server/residency/memory_shares.h"

static uint64_t sum_of(const struct memory_claim *claims, size_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += claims[i].share;
    return sum;
}

TEST(shares_of_equals_are_equal_and_use_the_pool)
{
    struct memory_claim claims[] = { { 10, 100, 1000, 0 }, { 10, 100, 1000, 0 } };
    assert_true(memory_shares(claims, 2, 120));
    assert_int_equal(claims[0].share, 60);
    assert_int_equal(claims[1].share, 60);
}

TEST(those_who_have_least_grow_first)
{
    struct memory_claim claims[] = { { 50, 100, 1000, 0 }, { 10, 100, 1000, 0 } };
    assert_true(memory_shares(claims, 2, 70));
    assert_int_equal(claims[0].share, 50);
    assert_int_equal(claims[1].share, 20);
}

TEST(nobody_gets_more_than_it_wants_before_all_have_that)
{
    struct memory_claim claims[] = { { 1, 20, 1000, 0 }, { 1, 500, UINT64_MAX, 0 } };
    assert_true(memory_shares(claims, 2, 420));
    assert_int_equal(claims[0].share, 20);
    assert_int_equal(claims[1].share, 400);
    assert_true(memory_shares(claims, 2, 620)); /* the rest goes to who has less */
    assert_int_equal(claims[0].share, 120);
    assert_int_equal(claims[1].share, 500);
}

TEST(nobody_gets_more_than_it_can_use)
{
    struct memory_claim claims[] = { { 1, 2, 3, 0 }, { 0, 0, 0, 0 } };
    assert_true(memory_shares(claims, 2, UINT64_MAX));
    assert_int_equal(claims[0].share, 3);
    assert_int_equal(claims[1].share, 0);
}

TEST(too_small_a_pool_changes_nothing)
{
    struct memory_claim claims[] = { { 5, 5, 5, 77 }, { 6, 6, 6, 77 } };
    assert_false(memory_shares(claims, 2, 10));
    assert_int_equal(claims[0].share, 77);
    assert_true(memory_shares(claims, 2, 11));
    struct memory_claim huge[] = { { UINT64_MAX, UINT64_MAX, UINT64_MAX, 0 }, { 1, 1, 1, 0 } };
    assert_false(memory_shares(huge, 2, UINT64_MAX));
    assert_true(memory_shares(NULL, 0, 0));
}

TEST(random_claims_keep_all_promises)
{
    uint64_t seed = 1;
    for (int round = 0; round < 2000; round++) {
        struct memory_claim claims[7];
        uint64_t pool = 0, most = 0, least = 0;
        size_t n = (size_t)round % 7 + 1;
        for (size_t i = 0; i < n; i++) {
            uint64_t steps[3];
            for (size_t k = 0; k < 3; k++) {
                seed = seed * 6364136223846793005u + 1442695040888963407u;
                steps[k] = (seed >> 33) % 1000;
            }
            claims[i] = (struct memory_claim){ steps[0], steps[0] + steps[1],
                                               steps[0] + steps[1] + steps[2], 0 };
            least += claims[i].least;
            most += claims[i].most;
        }
        pool = least + (seed >> 20) % 3000;
        assert_true(memory_shares(claims, n, pool));
        for (size_t i = 0; i < n; i++)
            assert_in_range(claims[i].share, claims[i].least, claims[i].most);
        uint64_t sum = sum_of(claims, n);
        assert_true(sum <= pool);
        /* what is left is less than one for each, or nobody could use it */
        assert_true(sum == most || pool - sum < n);
    }
}
