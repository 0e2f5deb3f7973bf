/* late_library.h: shared libraries that a process loads when it needs them, not when it starts.
 *
 * Owns finding a library and its functions. For those of HTTP: they bring 30 others along, which
 * took 8 of the 10 ms in which a worker started that never asked for any. Each library by one
 * thread at a time; what is loaded stays. */
#ifndef LATE_LIBRARY_H
#define LATE_LIBRARY_H

#include "base/base.h"
#include "base/error.h"

struct late_function {
    const char *name;
    void *pointer; /* of a pointer to a function; set when it was found */
};

/* `file`: the name that programs would be linked to ("libcurl.so.4"). ERROR_UNSUPPORTED when it, or
 * one of the functions, is missing. */
bool late_library_load(const char *file, const struct late_function *functions, size_t n,
                       struct error *err) MUST_CHECK;

#endif
