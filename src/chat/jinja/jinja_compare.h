/* jinja_compare.h: Python's equality, order, hashes and `in`.
 *
 * Owns nothing. All may fail: for kinds that do not compare, and for steps and depth, which nested
 * values take. */
#ifndef JINJA_COMPARE_H
#define JINJA_COMPARE_H

#include "chat/jinja/jinja_run.h"

bool jinja_equal(struct jinja_run *run, const struct jinja_value *a, const struct jinja_value *b,
                 bool *equal) MUST_CHECK;

/* a < b */
bool jinja_less(struct jinja_run *run, const struct jinja_value *a, const struct jinja_value *b,
                bool *less) MUST_CHECK;

/* Equal values have equal hashes, 1, 1.0 and true too. */
bool jinja_hash(struct jinja_run *run, const struct jinja_value *v, uint64_t *hash) MUST_CHECK;

/* item in container */
bool jinja_contains(struct jinja_run *run, const struct jinja_value *container,
                    const struct jinja_value *item, bool *found) MUST_CHECK;

/* Order of two numbers: below, equal, above; 2 when one is not a number at all. */
int jinja_compare_numbers(const struct jinja_value *a, const struct jinja_value *b);

#endif
