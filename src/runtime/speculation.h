/* speculation.h: how many guessed tokens a step should check.
 *
 * Owns how often guesses come true by how well they matched; what rows cost is step_costs.h's. The
 * depth only moves time, never tokens: a guess counts when the sampler chooses it too. One thread.
 */
#ifndef SPECULATION_H
#define SPECULATION_H

#include "base/base.h"
#include "runtime/prompt_lookup.h"
#include "runtime/step_costs.h"

enum { SPECULATION_DEEPEST = STEP_ROWS - 1, SPECULATION_LENGTHS = 9 };

/* What else is known of a guess beside the number of tokens that matched. */
enum guess_kind { GUESS_LONE, GUESS_AGREED, GUESS_DISPUTED, GUESS_COPY, GUESS_KINDS };

struct speculation {
    /* By kind, then by class of length. */
    double hit_rate[GUESS_KINDS * SPECULATION_LENGTHS];
    uint32_t n_learned[GUESS_KINDS * SPECULATION_LENGTHS];
};

void speculation_init(struct speculation *s);

/* Guesses worth checking: the depth with the most expected tokens a second, 0 when single steps are
 * better. */
size_t speculation_depth(const struct speculation *s, const struct step_costs *costs,
                         const struct lookup_guess *guess);

/* Of the first n_known tokens of the guess the first n_true came true. To be told after every step,
 * of the first token also when it was not checked: so nothing need be tried to know whether it
 * would pay. */
void speculation_learned(struct speculation *s, const struct lookup_guess *guess, size_t n_known,
                         size_t n_true);

#endif
