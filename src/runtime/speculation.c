#include "runtime/speculation.h"

/* A match of this many tokens is rarely a coincidence. */
enum { LONG_MATCH = 6 };

/* Shares of the newest observation in a running mean, and of the way back to the first belief. */
static const double TIME_SHARE = 0.1, HIT_SHARE = 0.15, FORGET_SHARE = 0.01;
static const double FIRST_BELIEF[2] = { 0.5, 0.8 };

/* What one more row adds to a step before it was ever measured: reading the weights dominates. */
static const double ROW_SHARE = 0.08;

/* Guessing must promise at least this much, for clocks and beliefs are noisy. */
static const double LEAST_GAIN = 1.05;

void speculation_init(struct speculation *s)
{
    *s = (struct speculation){ 0 };
    memcpy(s->hit_rate, FIRST_BELIEF, sizeof s->hit_rate);
}

static bool is_long(size_t n_matched)
{
    return n_matched >= LONG_MATCH;
}

/* Time of a step of `rows`, relative to one of a single row: measured, or on from the nearest
 * smaller size measured. */
static double relative_time(const struct speculation *s, size_t rows)
{
    size_t known = rows;
    while (known > 1 && s->step_ns[known] == 0)
        known--;
    if (s->step_ns[1] == 0 || known == 1)
        return 1 + ROW_SHARE * (double)(rows - 1);
    double known_time = s->step_ns[known] / s->step_ns[1];
    return known_time + ROW_SHARE * (double)(rows - known);
}

size_t speculation_depth(const struct speculation *s, size_t n_matched)
{
    double rate = s->hit_rate[is_long(n_matched)], expected = 1, chance = 1, best = LEAST_GAIN;
    size_t depth = 0;
    for (size_t d = 1; d <= SPECULATION_DEEPEST; d++) {
        chance *= rate;
        expected += chance;
        double gain = expected / relative_time(s, d + 1);
        if (gain > best) {
            best = gain;
            depth = d;
        }
    }
    return depth;
}

void speculation_measured(struct speculation *s, size_t rows, uint64_t ns)
{
    if (rows == 0 || rows > SPECULATION_DEEPEST + 1)
        return;
    double *mean = &s->step_ns[rows];
    *mean = *mean == 0 ? (double)ns : *mean + TIME_SHARE * ((double)ns - *mean);
}

void speculation_learned(struct speculation *s, size_t n_matched, size_t n_guessed, size_t n_true)
{
    double *rate = &s->hit_rate[is_long(n_matched)];
    /* Guesses after the first wrong one were never tried. */
    size_t n_tried = n_true < n_guessed ? n_true + 1 : n_guessed;
    for (size_t i = 0; i < n_tried; i++)
        *rate += HIT_SHARE * ((i < n_true ? 1.0 : 0.0) - *rate);
}

void speculation_passed(struct speculation *s, size_t n_matched)
{
    int class = is_long(n_matched);
    s->hit_rate[class] += FORGET_SHARE * (FIRST_BELIEF[class] - s->hit_rate[class]);
}
