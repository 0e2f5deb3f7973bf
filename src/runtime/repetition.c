#include "runtime/repetition.h"

#include "base/memory.h"

enum { PERIODS = REPETITION_LONGEST };

static const token_id NO_TOKEN = -1;

/* The last PERIODS tokens lie at recent[begin], oldest first; what enters is written twice, so that
 * they always lie in one piece. */
struct repetition {
    token_id recent[2 * PERIODS];
    int32_t matches[PERIODS]; /* [i]: so many of the last tokens equal those PERIODS - i before */
    size_t begin;
};

struct repetition *repetition_new(void)
{
    struct repetition *r = memory_zeroed(1, sizeof *r);
    if (r)
        repetition_clear(r);
    return r;
}

void repetition_free(struct repetition **repetition)
{
    memory_free(*repetition);
    *repetition = NULL;
}

void repetition_clear(struct repetition *r)
{
    *r = (struct repetition){ 0 };
    for (size_t i = 0; i < COUNT_OF(r->recent); i++)
        r->recent[i] = NO_TOKEN;
}

/* How many matches make a loop of a period: with the first period, which matches nothing, they are
 * long enough and often enough. */
static int32_t needed(int32_t period)
{
    int32_t often = (REPETITION_TIMES - 1) * period, enough = REPETITION_LEAST - period;
    return often > enough ? often : enough;
}

/* The smallest of those: where both limits are one. */
enum { FEWEST_NEEDED = REPETITION_LEAST - REPETITION_LEAST / REPETITION_TIMES };

/* Whether any period has so many matches. Without a branch or an alias, so that compilers make
 * vectors of it. */
static bool count_matches(int32_t *restrict matches, const token_id *restrict before,
                          token_id token)
{
    int32_t any = 0; /* negative where true */
    for (size_t i = 0; i < PERIODS; i++) {
        int32_t n = (matches[i] + 1) & -(before[i] == token);
        matches[i] = n;
        any |= FEWEST_NEEDED - 1 - n;
    }
    return any < 0;
}

static void keep(struct repetition *r, token_id token)
{
    r->recent[r->begin] = r->recent[r->begin + PERIODS] = token;
    r->begin = (r->begin + 1) % PERIODS;
}

static size_t shortest_loop(const struct repetition *r)
{
    for (int32_t period = 1; period <= PERIODS; period++)
        if (r->matches[PERIODS - period] >= needed(period))
            return (size_t)period;
    return 0;
}

size_t repetition_push(struct repetition *r, token_id token)
{
    assert(token >= 0);
    bool may_loop = count_matches(r->matches, r->recent + r->begin, token);
    keep(r, token);
    return may_loop ? shortest_loop(r) : 0;
}
