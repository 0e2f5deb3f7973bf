/* memory_shares.h: one pool of memory shared out among several who want it.
 *
 * Owns the rule: everybody gets the least it can do with; then those who have least grow, until
 * each has what it wants; then again, until each has the most it can use. Pure. */
#ifndef MEMORY_SHARES_H
#define MEMORY_SHARES_H

#include "base/base.h"

struct memory_claim {
    uint64_t least, wanted, most; /* in this order of size */
    uint64_t share;               /* the result */
};

/* Shares add up to at most `pool`. False, and nothing is set: the least of all is more than that.
 */
bool memory_shares(struct memory_claim *claims, size_t n_claims, uint64_t pool) MUST_CHECK;

#endif
