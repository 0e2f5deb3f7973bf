/* jinja_tojson.h: values as JSON, the way Python's json.dumps writes them.
 *
 * Owns indentation, separators and escapes. */
#ifndef JINJA_TOJSON_H
#define JINJA_TOJSON_H

#include "chat/jinja/jinja_builtin.h"

/* The filter tojson(ensure_ascii, indent, separators, sort_keys). */
bool jinja_tojson(struct jinja_run *run, const struct jinja_call *call,
                  struct jinja_value *out) MUST_CHECK;

#endif
