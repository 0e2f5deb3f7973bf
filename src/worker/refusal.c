#include "worker/refusal.h"

#include "base/json_members.h"

#include <stdarg.h>
#include <stdio.h>

bool refuse(struct refusal *why, const char *reason, enum error_code code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vsnprintf(why->error.message, sizeof why->error.message, format, values);
    va_end(values);
    why->error.code = code;
    why->reason = reason;
    return false;
}

bool refuse_length(struct refusal *why, uint64_t prompt_tokens, uint32_t n_ctx)
{
    why->n_ctx = n_ctx;
    why->prompt_tokens = prompt_tokens;
    return refuse(why, "context_length", ERROR_CONTEXT,
                  "the prompt has %" PRIu64 " tokens, the context has room for %" PRIu32,
                  prompt_tokens, n_ctx);
}

bool refuse_as(struct refusal *why, const char *reason)
{
    if (!why->reason)
        why->reason = reason;
    return false;
}

static const char *reason_of(const struct refusal *why)
{
    if (why->reason)
        return why->reason;
    switch (why->error.code) {
    case ERROR_USAGE:
    case ERROR_FORMAT:
    case ERROR_UNSUPPORTED:
    case ERROR_NOT_FOUND:
        return "invalid";
    case ERROR_MEMORY:
    case ERROR_BUDGET:
        return "memory";
    case ERROR_CONTEXT:
        return why->n_ctx ? "context_length" : "invalid"; /* else a format has too few tokens */
    default:
        return "internal";
    }
}

bool refusal_write(struct text *out, const struct refusal *why)
{
    bool ok = text_printf(out, "{\"code\":%d", (int)why->error.code) &&
              write_text_member(out, "reason", slice_of(reason_of(why))) &&
              write_text_member(out, "message", slice_of(why->error.message));
    if (ok && why->n_ctx)
        ok = text_printf(out, ",\"n_ctx\":%" PRIu32 ",\"prompt_tokens\":%" PRIu64, why->n_ctx,
                         why->prompt_tokens);
    return ok && text_append_byte(out, '}');
}
