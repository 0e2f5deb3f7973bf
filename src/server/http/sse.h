/* sse.h: server-sent events.
 *
 * Owns their form. */
#ifndef SSE_H
#define SSE_H

#include "base/base.h"
#include "base/text.h"

/* One event; `name` may be NULL, `data` has no line breaks (JSON as json_write writes it). */
bool sse_write(struct text *out, const char *name, struct slice data);

#endif
