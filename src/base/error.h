/* error.h: the one way in which anything in hearth fails.
 *
 * Owns the error record and the verbs that fill it. Leaves to callers what to do about it; the code
 * chooses an exit status or HTTP status, the message is shown to the user as it is. Any thread, one
 * record each. */
#ifndef ERROR_H
#define ERROR_H

#include "base/base.h"

enum error_code {
    ERROR_NONE,
    ERROR_USAGE,       /* the caller asked for something that makes no sense */
    ERROR_NOT_FOUND,   /* no such file, tensor, token */
    ERROR_IO,          /* the operating system refused */
    ERROR_FORMAT,      /* a file contradicts itself or its specification */
    ERROR_UNSUPPORTED, /* well formed, but hearth cannot do it */
    ERROR_MEMORY,      /* an allocation failed */
    ERROR_BUDGET,      /* a limit that hearth set itself is used up: try again later */
    ERROR_CONTEXT,     /* the prompt does not fit the context */
    ERROR_CANCELLED,   /* somebody asked to stop */
};

struct error {
    enum error_code code;
    char message[1000];
};

/* Record a failure. Always returns false, so that `return fail(...)` reads in order. `err` may be
 * NULL. */
bool fail(struct error *err, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Put "format: " in front of the recorded message and keep its code. Always returns false. */
bool fail_while(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* fail() for an allocation of `size_bytes` for `what`. */
bool fail_memory(struct error *err, size_t size_bytes, const char *what);

/* A copy of `text` that is safe to show: control bytes and invalid UTF-8 become '?', at most 80
 * bytes, in one of a few buffers of the calling thread (so several may stand in one message). For
 * names that come out of files. */
const char *printable(struct slice text);

#endif
