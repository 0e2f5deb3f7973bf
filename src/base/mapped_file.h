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
    bool is_provided; /* a part of the program: nothing to unmap */
};

/* A file that is a part of the program. Opening its name gives it, also where a file of that name
 * lies in the working directory: that one is "./name". */
struct provided_file {
    const char *name;
    const uint8_t *data; /* [size] aligned to a page, lives as long as the program */
    size_t size;
};
/* [n], borrowed; before anything is opened. */
void mapped_file_provide(const struct provided_file *files, size_t n);

bool is_provided_file(const char *name);

bool mapped_file_open(struct mapped_file **out, const char *path, struct error *err) MUST_CHECK;
void mapped_file_close(struct mapped_file **file); /* accepts NULL, leaves NULL */

/* Whether the path names a directory (and no provided file). */
bool path_is_directory(const char *path);

#endif
