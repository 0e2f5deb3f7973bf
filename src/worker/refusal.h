/* refusal.h: why a request is not answered, in the words that the server is told.
 *
 * Owns the names of reasons and the JSON of FRAME_ERROR and FRAME_REFUSED (docs/worker.md). One
 * thread a record. */
#ifndef REFUSAL_H
#define REFUSAL_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

struct refusal {
    struct error error;
    const char *reason;     /* static; NULL: what the error's code says */
    uint32_t n_ctx;         /* with reason "context_length", and the next */
    uint64_t prompt_tokens; /* of the whole prompt */
};

/* As fail(), with a reason. Always false. */
bool refuse(struct refusal *why, const char *reason, enum error_code code, const char *format, ...)
    PRINTF_LIKE(4, 5);

/* The prompt does not fit. Always false. */
bool refuse_length(struct refusal *why, uint64_t prompt_tokens, uint32_t n_ctx);

/* The reason for what is recorded in why->error, unless one was given. Always false. */
bool refuse_as(struct refusal *why, const char *reason);

bool refusal_write(struct text *out, const struct refusal *why);

#endif
