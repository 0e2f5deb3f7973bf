/* mapped_file.h: a regular file seen as memory, never copied.
 *
 * Owns the mapping. Leaves the contents to formats/. A FIFO, a directory or an empty file is an
 * error, not a hang. The bytes may be read by any thread until mapped_file_close. */
#ifndef MAPPED_FILE_H
#define MAPPED_FILE_H

#include "base/base.h"
#include "base/error.h"

struct mapped_file {
    char *path;          /* own copy, for messages */
    const uint8_t *data; /* [size], read only */
    size_t size;
};

bool mapped_file_open(struct mapped_file **out, const char *path, struct error *err) MUST_CHECK;
void mapped_file_close(struct mapped_file **file); /* accepts NULL, leaves NULL */

/* Whether the path names a directory. */
bool path_is_directory(const char *path);

#endif
