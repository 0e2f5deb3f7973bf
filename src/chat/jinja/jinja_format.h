/* jinja_format.h: Python's two ways of putting values into a text.
 *
 * Owns '%5.2f' % x and '{:>5}'.format(x) with everything that may stand behind the '%' or ':'. */
#ifndef JINJA_FORMAT_H
#define JINJA_FORMAT_H

#include "chat/jinja/jinja_builtin.h"

/* format % values, where values is a tuple, a dict or the only value. */
bool jinja_format_percent(struct jinja_run *run, struct slice format,
                          const struct jinja_value *values, struct jinja_value *out) MUST_CHECK;

/* format.format(arguments) */
bool jinja_format_braces(struct jinja_run *run, struct slice format, const struct jinja_call *call,
                         struct jinja_value *out) MUST_CHECK;

#endif
