#include "server/residency/memory_shares.h"

static uint64_t clamp(uint64_t value, uint64_t least, uint64_t most)
{
    return value < least ? least : value > most ? most : value;
}

/* What a claim comes to when all are raised to `level`, in one of the two rounds. */
static uint64_t share_at(const struct memory_claim *claim, bool to_most, uint64_t level)
{
    return clamp(level, claim->share, to_most ? claim->most : claim->wanted);
}

/* Whether all may be raised to `level`, each within its limits. */
static bool is_possible(const struct memory_claim *claims, size_t n_claims, uint64_t pool,
                        bool to_most, uint64_t level)
{
    for (size_t i = 0; i < n_claims; i++) {
        uint64_t share = share_at(&claims[i], to_most, level);
        if (share > pool)
            return false;
        pool -= share;
    }
    return true;
}

/* Raise those who have least first, as water fills a vessel of several depths. */
static void raise_to_level(struct memory_claim *claims, size_t n_claims, uint64_t pool,
                           bool to_most)
{
    uint64_t level = 0, beyond = pool < UINT64_MAX ? pool + 1 : pool;
    while (beyond - level > 1) {
        uint64_t middle = level + (beyond - level) / 2;
        if (is_possible(claims, n_claims, pool, to_most, middle))
            level = middle;
        else
            beyond = middle;
    }
    for (size_t i = 0; i < n_claims; i++)
        claims[i].share = share_at(&claims[i], to_most, level);
}

bool memory_shares(struct memory_claim *claims, size_t n_claims, uint64_t pool)
{
    uint64_t left = pool;
    for (size_t i = 0; i < n_claims; i++) {
        if (claims[i].least > left)
            return false;
        left -= claims[i].least;
    }
    for (size_t i = 0; i < n_claims; i++)
        claims[i].share = claims[i].least;
    raise_to_level(claims, n_claims, pool, false);
    raise_to_level(claims, n_claims, pool, true);
    return true;
}
