/* jinja_literal.h: what numbers and strings in a template's source mean.
 *
 * Owns Python's escapes. One thread. */
#ifndef JINJA_LITERAL_H
#define JINJA_LITERAL_H

#include "chat/jinja/jinja_run.h"

/* `text` as the lexer cut it: 12, 0x1f, 1_000; 1.5e3; 'a\n' with its quotes. */
bool jinja_integer_literal(struct jinja_run *run, struct slice text,
                           struct jinja_value *out) MUST_CHECK;
bool jinja_float_literal(struct jinja_run *run, struct slice text,
                         struct jinja_value *out) MUST_CHECK;
bool jinja_string_literal(struct jinja_run *run, struct slice text,
                          struct jinja_value *out) MUST_CHECK;

/* A number as Python's float() reads it, white space around allowed; false when it is none. */
bool jinja_parse_float(struct slice text, double *out) MUST_CHECK;

/* A number as Python's int() reads it: sign, digits of `base` (0: by prefix), '_' between them,
 * white space around. *is_number tells whether it was one. */
bool jinja_parse_integer(struct jinja_run *run, struct slice text, int64_t base, bool *is_number,
                         struct jinja_value *out) MUST_CHECK;

#endif
