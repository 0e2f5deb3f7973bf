#include "server/ollama/keep_alive.h"

#include "server/config/duration.h"

/* Seconds beyond what 64 bits of nanoseconds hold are as good as for ever. */
static int64_t ns_of_seconds(double seconds)
{
    return seconds < 0 || seconds >= 9e9 ? -1 : (int64_t)(seconds * 1e9);
}

bool keep_alive_read(const struct json *value, struct keep_alive *out, struct error *err)
{
    *out = (struct keep_alive){ false, 0 };
    if (!value)
        return true;
    if (json_is_numeric(value))
        out->ns = ns_of_seconds(json_number(value, 0));
    else if (json_kind(value) != JSON_KIND_STRING)
        return fail(err, ERROR_USAGE,
                    "keep_alive must be a number of seconds or a duration (\"5m\")");
    else if (!duration_read(json_text(value), false, &out->ns, err))
        return false;
    out->is_set = true;
    return true;
}
