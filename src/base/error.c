#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

bool fail(struct error *err, enum error_code code, const char *format, ...)
{
    if (!err)
        return false;
    err->code = code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    return false;
}

bool fail_while(struct error *err, const char *format, ...)
{
    if (!err)
        return false;
    char before[sizeof err->message];
    memcpy(before, err->message, sizeof before);
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    if (length >= 0 && (size_t)length < sizeof err->message)
        snprintf(err->message + length, sizeof err->message - (size_t)length, ": %s", before);
    return false;
}

bool fail_memory(struct error *err, size_t size_bytes, const char *what)
{
    return fail(err, ERROR_MEMORY, "out of memory: cannot allocate %zu bytes for %s", size_bytes,
                what);
}

const char *printable(struct slice text)
{
    static _Thread_local char buffers[4][84];
    static _Thread_local unsigned turn;
    char *out = buffers[turn++ % COUNT_OF(buffers)];
    size_t n = size_min(text.length, 80);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text.data[i];
        out[i] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
    }
    memcpy(out + n, text.length > n ? "..." : "", text.length > n ? 4 : 1);
    return out;
}
