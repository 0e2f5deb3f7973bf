/* keep_alive.h: how long a model stays in memory, as clients of Ollama say it.
 *
 * Owns nothing. Any thread. */
#ifndef KEEP_ALIVE_H
#define KEEP_ALIVE_H

#include "base/error.h"
#include "base/json.h"
#include "server/task.h"

/* A number is seconds, a text a duration as Go has them ("5m", "1h30m", "-1s"); negative: for
 * ever; NULL: not said. ERROR_USAGE for anything else. */
bool keep_alive_read(const struct json *value, struct keep_alive *out,
                     struct error *err) MUST_CHECK;

#endif
