/* go_functions.h: the functions a Go template may call.
 *
 * Owns the table: Go's own, and json, currentDate, yesterdayDate, toTypeScriptType. Leaves to the
 * evaluator the order in which arguments are computed (`and` and `or` stop early). */
#ifndef GO_FUNCTIONS_H
#define GO_FUNCTIONS_H

#include "base/base.h"
#include "chat/gotemplate/go_value.h"

struct go_evaluator;

struct go_function {
    const char *name;
    size_t min_arguments, max_arguments;
    bool (*call)(struct go_evaluator *e, const struct go_value *arguments, size_t count,
                 struct go_value *out); /* NULL for and, or */
};

/* NULL when there is none of that name. */
const struct go_function *go_function_find(struct slice name);

#endif
