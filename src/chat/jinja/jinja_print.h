/* jinja_print.h: values as text, the way Python's str and repr show them.
 *
 * Owns the shortest spelling of floating point numbers and the quoting of strings. Leaves JSON to
 * jinja_tojson.h. */
#ifndef JINJA_PRINT_H
#define JINJA_PRINT_H

#include "chat/jinja/jinja_run.h"

/* Write str(v), repr(v). */
bool jinja_print(struct jinja_run *run, const struct jinja_value *v) MUST_CHECK;
bool jinja_print_repr(struct jinja_run *run, const struct jinja_value *v) MUST_CHECK;

/* str(v); a string as it is. */
bool jinja_to_string(struct jinja_run *run, const struct jinja_value *v,
                     struct jinja_value *out) MUST_CHECK;

/* The fewest digits that mean the same number: 0.1, 1e+16, inf. */
bool jinja_print_float(struct jinja_run *run, double d) MUST_CHECK;

/* & < > " ' as HTML writes them. */
bool jinja_print_escaped(struct jinja_run *run, struct slice text) MUST_CHECK;

/* As markup: what already is stays as it is. */
bool jinja_escape(struct jinja_run *run, const struct jinja_value *v,
                  struct jinja_value *out) MUST_CHECK;

#endif
