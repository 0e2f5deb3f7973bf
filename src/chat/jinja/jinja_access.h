/* jinja_access.h: x.name, x[index] and x[start:stop:step].
 *
 * Owns which attributes a value has and which of them templates may not use. What is not there is
 * undefined, not an error; what may not be used is undefined too, and says so when it is used. */
#ifndef JINJA_ACCESS_H
#define JINJA_ACCESS_H

#include "chat/jinja/jinja_run.h"

/* An attribute of Python's type; missing when it has none of that name. */
bool jinja_own_attribute(struct jinja_run *run, const struct jinja_value *object,
                         const struct jinja_value *name, struct jinja_value *out) MUST_CHECK;

/* object.name: an attribute, else an element; object[index]: an element, else an attribute. */
bool jinja_attribute(struct jinja_run *run, const struct jinja_value *object,
                     const struct jinja_value *name, struct jinja_value *out) MUST_CHECK;
bool jinja_item(struct jinja_run *run, const struct jinja_value *object,
                const struct jinja_value *index, struct jinja_value *out) MUST_CHECK;

/* Bounds are start, stop and step, none where not given. */
bool jinja_cut(struct jinja_run *run, const struct jinja_value *object,
               const struct jinja_value bounds[3], struct jinja_value *out) MUST_CHECK;

/* Code points [begin, end) of a string, which shares its bytes. */
bool jinja_substring(struct jinja_run *run, const struct jinja_value *string, size_t begin,
                     size_t end, struct jinja_value *out) MUST_CHECK;

#endif
