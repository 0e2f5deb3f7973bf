/* jinja_globals.h: the functions that every template has, and the objects they make.
 *
 * Owns range, dict, namespace, cycler, joiner, raise_exception, strftime_now and self. */
#ifndef JINJA_GLOBALS_H
#define JINJA_GLOBALS_H

#include "chat/jinja/jinja_builtin.h"

/* The separator, from the second call on. */
bool jinja_call_joiner(struct jinja_run *run, const struct jinja_value *joiner,
                       const struct jinja_call *call, struct jinja_value *out) MUST_CHECK;

/* self.name: the block of that name, to be called; missing when there is none. */
bool jinja_block_attribute(struct jinja_run *run, const struct jinja_value *name,
                           struct jinja_value *out) MUST_CHECK;

#endif
