/* number_range.h: numbers between bounds, and multiples, as JSON spells them.
 *
 * Owns the arithmetic on decimal digits. Numbers have up to 18 digits before the point and 16
 * behind it; ones with bounds are written without exponent. */
#ifndef NUMBER_RANGE_H
#define NUMBER_RANGE_H

#include "runtime/grammar/grammar.h"

struct number_range {
    bool has_low, has_high;
    double low, high;
    bool is_low_open, is_high_open; /* the bound itself is left out */
    bool is_integral;               /* no fraction is written */
};

/* Errors: ERROR_UNSUPPORTED for a bound with more digits than that. */
bool number_range_expr(struct grammar *g, const struct number_range *range, grammar_expr *out,
                       struct error *err) MUST_CHECK;

/* Numbers without exponent that are multiples of `step` (> 0), any bounds. Errors:
 * ERROR_UNSUPPORTED when its digits make more than a thousand remainders. */
bool number_multiples_expr(struct grammar *g, double step, grammar_expr *out,
                           struct error *err) MUST_CHECK;

/* All spellings (without exponent) of one number: of superfluous zeros there may be any. */
bool number_value_expr(struct grammar *g, double value, grammar_expr *out,
                       struct error *err) MUST_CHECK;

/* Numbers that are not integral, also once they are doubles: up to 9 digits before the point. */
grammar_expr number_fractional_expr(struct grammar *g);

#endif
