#include "runtime/speculation.h"

#include <math.h>

/* Share of the newest observation in a running mean. */
static const double HIT_SHARE = 0.05;

/* Before anything was seen, and what so many observations weigh as much as; between what free text
 * and text that repeats itself give. */
static const double FIRST_BELIEF[GUESS_KINDS][SPECULATION_LENGTHS] = {
    [GUESS_LONE] = { 0, 0.10, 0.20, 0.40, 0.60, 0.70, 0.80, 0.85, 0.90 },
    [GUESS_AGREED] = { 0, 0.25, 0.40, 0.55, 0.75, 0.85, 0.85, 0.90, 0.95 },
    [GUESS_DISPUTED] = { 0, 0.04, 0.08, 0.12, 0.15, 0.20, 0.20, 0.20, 0.20 },
    [GUESS_COPY] = { 0.08, 0.25, 0.50, 0.60, 0.70, 0.80, 0.85, 0.90, 0.95 },
};
enum { BELIEF_WEIGHT = 4 };

/* Guessing must promise at least this much, for clocks and beliefs are noisy. */
static const double LEAST_GAIN = 1.04;

void speculation_init(struct speculation *s)
{
    static_assert(sizeof s->hit_rate == sizeof FIRST_BELIEF, "a belief for each rate");
    *s = (struct speculation){ 0 };
    memcpy(s->hit_rate, FIRST_BELIEF, sizeof s->hit_rate);
}

static enum guess_kind kind_of(const struct lookup_guess *guess, size_t i)
{
    if (guess->is_copy)
        return GUESS_COPY;
    if (!guess->has_second)
        return GUESS_LONE;
    return i < guess->n_agreed ? GUESS_AGREED : GUESS_DISPUTED;
}

/* Which rate is that of guess i if those before it come true, which then matched too. */
static size_t rate_of(const struct lookup_guess *guess, size_t i)
{
    static const uint8_t lengths[LOOKUP_LONGEST + 1] = { 0, 1, 2, 3, 4, 5, 5, 6, 6,
                                                         6, 7, 7, 7, 7, 7, 7, 8 };
    size_t length = lengths[size_min(guess->n_matched + i, LOOKUP_LONGEST)];
    return kind_of(guess, i) * SPECULATION_LENGTHS + length;
}

size_t speculation_depth(const struct speculation *s, const struct step_costs *costs,
                         const struct lookup_guess *guess)
{
    double expected = 1, chance = 1, best = LEAST_GAIN;
    size_t depth = 0, most = size_min(guess->n_tokens, SPECULATION_DEEPEST);
    for (size_t i = 0; i < most; i++) {
        chance *= s->hit_rate[rate_of(guess, i)];
        expected += chance;
        double gain = expected / step_costs_relative(costs, i + 2);
        if (gain > best) {
            best = gain;
            depth = i + 1;
        }
    }
    return depth;
}

void speculation_learned(struct speculation *s, const struct lookup_guess *guess, size_t n_known,
                         size_t n_true)
{
    /* Those after the first wrong one were never tried. */
    size_t n_tried = n_true < n_known ? n_true + 1 : n_known;
    for (size_t i = 0; i < n_tried; i++) {
        size_t rate = rate_of(guess, i);
        double share = fmax(HIT_SHARE, 1.0 / (BELIEF_WEIGHT + ++s->n_learned[rate]));
        s->hit_rate[rate] += share * ((i < n_true ? 1.0 : 0.0) - s->hit_rate[rate]);
    }
}
