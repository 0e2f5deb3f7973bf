/* speculation.h: how many guessed tokens a step should check.
 *
 * Owns what was measured: the time of steps by number of rows, and how often guesses come true by
 * how well they matched. The depth only moves time, never tokens: a guess counts when the sampler
 * chooses it too. One thread. */
#ifndef SPECULATION_H
#define SPECULATION_H

#include "base/base.h"

enum { SPECULATION_DEEPEST = 15 };

struct speculation {
    double step_ns[SPECULATION_DEEPEST + 2]; /* by rows; smoothed; 0: not measured yet */
    double hit_rate[2];                      /* of one guess after a short and after a long match */
};

void speculation_init(struct speculation *s);

/* Guesses worth checking after a match of n_matched tokens: the depth with the most expected tokens
 * a second, 0 when single steps are better. */
size_t speculation_depth(const struct speculation *s, size_t n_matched);

/* A step of `rows` rows took that long. */
void speculation_measured(struct speculation *s, size_t rows, uint64_t ns);

/* Of n_guessed tokens after a match of n_matched, the first n_true came true. */
void speculation_learned(struct speculation *s, size_t n_matched, size_t n_guessed, size_t n_true);

/* A step ran without guesses although there was a match: believe a little more in trying again. */
void speculation_passed(struct speculation *s, size_t n_matched);

#endif
