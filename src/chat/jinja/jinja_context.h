/* jinja_context.h: JSON as the values of a template.
 *
 * Owns the conversion. Texts are not copied: the document must outlive the rendering. */
#ifndef JINJA_CONTEXT_H
#define JINJA_CONTEXT_H

#include "base/json.h"
#include "chat/jinja/jinja_run.h"

bool jinja_from_json(struct jinja_run *run, const struct json *node,
                     struct jinja_value *out) MUST_CHECK;

#endif
