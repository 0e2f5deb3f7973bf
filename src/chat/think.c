#include "chat/think.h"

static const char *const levels[] = { "low", "medium", "high", "max" };

bool think_read(struct think_choice *out, const struct json *value, struct error *err)
{
    *out = (struct think_choice){ .level = "" };
    if (!value || json_kind(value) == JSON_KIND_NULL)
        return true;
    out->is_set = true;
    if (json_kind(value) == JSON_KIND_BOOL) {
        out->is_on = json_flag(value, false);
        return true;
    }
    out->is_on = true;
    for (size_t i = 0; i < COUNT_OF(levels); i++)
        if (slice_equal(json_text(value), slice_of(levels[i]))) {
            out->level = levels[i];
            return true;
        }
    if (json_kind(value) == JSON_KIND_STRING)
        return fail(err, ERROR_USAGE,
                    "invalid think value: \"%s\" (must be \"high\", \"medium\", \"low\", \"max\", "
                    "true, or false)",
                    printable(json_text(value)));
    return fail(err, ERROR_USAGE,
                "think must be a boolean or string (\"high\", \"medium\", \"low\", \"max\", true, "
                "or false)");
}
