/* think.h: whether and how much a model is asked to think.
 *
 * Owns the words that the dialects use (true, false, "low", "medium", "high", "max"). */
#ifndef THINK_H
#define THINK_H

#include "base/base.h"
#include "base/error.h"
#include "base/json.h"

struct think_choice {
    bool is_set; /* false: as the model does by itself */
    bool is_on;
    const char *level; /* "", "low", "medium", "high" or "max"; static */
};

/* From a request's `think`: absent or null, a boolean or a level. */
bool think_read(struct think_choice *out, const struct json *value, struct error *err) MUST_CHECK;

#endif
