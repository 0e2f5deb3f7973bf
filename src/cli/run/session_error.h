/* session_error.h: the public interface's errors as those of everything else.
 *
 * Owns the copy. Any thread. */
#ifndef SESSION_ERROR_H
#define SESSION_ERROR_H

#include "base/error.h"
#include "hearth.h"

/* Always false, as fail(). */
static inline bool session_fail(struct error *err, const struct hearth_error *problem)
{
    static_assert(sizeof err->message == sizeof problem->message, "messages are copied whole");
    err->code = (enum error_code)problem->code;
    memcpy(err->message, problem->message, sizeof err->message);
    return false;
}

#endif
