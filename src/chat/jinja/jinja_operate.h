/* jinja_operate.h: what the operators of expressions do, as in Python.
 *
 * Owns arithmetic and the mixing of types. Leaves comparison of containers to jinja_compare.h and
 * `%` on strings to jinja_format.h. */
#ifndef JINJA_OPERATE_H
#define JINJA_OPERATE_H

#include "chat/jinja/jinja_node.h"
#include "chat/jinja/jinja_run.h"

/* + - * / // % ** */
bool jinja_operate(struct jinja_run *run, enum jinja_operator op, const struct jinja_value *a,
                   const struct jinja_value *b, struct jinja_value *out) MUST_CHECK;

/* == != < <= > >= in, not in */
bool jinja_compare(struct jinja_run *run, enum jinja_operator op, const struct jinja_value *a,
                   const struct jinja_value *b, bool *holds) MUST_CHECK;

bool jinja_apply_sign(struct jinja_run *run, const struct jinja_value *v, bool is_negative,
                      struct jinja_value *out) MUST_CHECK;

/* A number as a double; fails for anything else and for integers beyond all doubles. */
bool jinja_to_double(struct jinja_run *run, const struct jinja_value *v, double *out) MUST_CHECK;

#endif
