/* jinja_integer.h: integers without a width, as Python has them.
 *
 * Owns those beyond 64 bits, up to 16384 bits; all others are JINJA_INTEGER (or JINJA_BOOL). One
 * value has one form, so equal integers have equal kinds. Arguments are integral values; results
 * may alias arguments. */
#ifndef JINJA_INTEGER_H
#define JINJA_INTEGER_H

#include "chat/jinja/jinja_run.h"

bool jinja_integer_add(struct jinja_run *run, const struct jinja_value *a,
                       const struct jinja_value *b, struct jinja_value *out) MUST_CHECK;
bool jinja_integer_subtract(struct jinja_run *run, const struct jinja_value *a,
                            const struct jinja_value *b, struct jinja_value *out) MUST_CHECK;
bool jinja_integer_multiply(struct jinja_run *run, const struct jinja_value *a,
                            const struct jinja_value *b, struct jinja_value *out) MUST_CHECK;

/* Rounded down, so that the remainder has b's sign; either result may be NULL. */
bool jinja_integer_divide(struct jinja_run *run, const struct jinja_value *a,
                          const struct jinja_value *b, struct jinja_value *quotient,
                          struct jinja_value *remainder) MUST_CHECK;

/* `exponent` is not negative. */
bool jinja_integer_power(struct jinja_run *run, const struct jinja_value *a, uint64_t exponent,
                         struct jinja_value *out) MUST_CHECK;

/* a / b, rounded once. */
bool jinja_integer_quotient(struct jinja_run *run, const struct jinja_value *a,
                            const struct jinja_value *b, double *out) MUST_CHECK;

/* Order of an integer and a finite number: below, equal, above. */
int jinja_integer_compare_double(const struct jinja_value *a, double d);

int jinja_integer_sign(const struct jinja_value *a); /* -1, 0, 1 */
int jinja_integer_compare(const struct jinja_value *a, const struct jinja_value *b);
double jinja_integer_to_double(const struct jinja_value *a); /* infinite when too large */

/* The whole part of a finite number. */
bool jinja_integer_from_double(struct jinja_run *run, double d, struct jinja_value *out) MUST_CHECK;

/* Digits of a base of 2 to 36, '_' between them skipped; callers have checked them. */
bool jinja_integer_parse(struct jinja_run *run, struct slice digits, unsigned base,
                         struct jinja_value *out) MUST_CHECK;

/* Write the digits, with '-' in front of negative ones. */
bool jinja_integer_write(struct jinja_run *run, const struct jinja_value *a,
                         unsigned base) MUST_CHECK;

#endif
