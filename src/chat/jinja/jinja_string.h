/* jinja_string.h: work on strings that filters and methods share.
 *
 * Owns replacing, cutting and padding. */
#ifndef JINJA_STRING_H
#define JINJA_STRING_H

#include "chat/jinja/jinja_run.h"

/* At most `count` times, any number when negative. */
bool jinja_replace(struct jinja_run *run, struct slice text, struct slice old, struct slice new,
                   int64_t count, struct jinja_value *out) MUST_CHECK;

/* In the middle of `width` characters, `fill` (one character) around. */
bool jinja_center(struct jinja_run *run, struct slice text, int64_t width, struct slice fill,
                  struct jinja_value *out) MUST_CHECK;

#endif
