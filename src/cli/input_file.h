/* input_file.h: a small file that the user names, read whole: regular, a pipe, or "-" for standard
 * input.
 *
 * Owns the limit. Leaves the contents to its callers. One thread. */
#ifndef INPUT_FILE_H
#define INPUT_FILE_H

#include "base/error.h"
#include "base/text.h"

/* `out` is initialized here, also on failure. */
bool input_file_read(struct text *out, const char *path, size_t limit_bytes,
                     struct error *err) MUST_CHECK;

#endif
