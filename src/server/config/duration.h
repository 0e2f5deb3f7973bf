/* duration.h: times as people write them, read as Go reads them.
 *
 * Owns nothing. Any thread. */
#ifndef DURATION_H
#define DURATION_H

#include "base/base.h"
#include "base/error.h"

/* "5m", "1h30m", "-1s", "1.5h", "0"; with `bare_seconds` also "300" and "-1". Numbers too large for
 * bare seconds are as long as can be told. ERROR_USAGE in Go's words. */
bool duration_read(struct slice text, bool bare_seconds, int64_t *ns, struct error *err) MUST_CHECK;

#endif
