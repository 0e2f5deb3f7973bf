/* jinja_undefined.h: what using a value that is not there says.
 *
 * Owns the messages. Any thread. */
#ifndef JINJA_UNDEFINED_H
#define JINJA_UNDEFINED_H

#include "chat/jinja/jinja_run.h"

/* Always false. */
bool jinja_fail_undefined(struct jinja_run *run, const struct jinja_value *undefined);

#endif
