/* new_file.h: a file that appears under its name only when it is complete.
 *
 * Owns a file without a name (or, where the file system has none such, with a temporary one) in the
 * folder of the wanted name. Leaves the contents to others. An existing file of that name stays
 * until new_file_finish replaces it. One thread. */
#ifndef NEW_FILE_H
#define NEW_FILE_H

#include "base/base.h"
#include "base/error.h"

struct new_file;

/* `expected_bytes` are reserved at once where the file system can, so that a full disk is noticed
 * at the beginning. */
bool new_file_open(struct new_file **out, const char *path, uint64_t expected_bytes,
                   struct error *err) MUST_CHECK;
bool new_file_append(struct new_file *file, const void *bytes, size_t size,
                     struct error *err) MUST_CHECK;

/* Give the file its name. */
bool new_file_finish(struct new_file *file, struct error *err) MUST_CHECK;

/* Accepts NULL, leaves NULL. A file that was not finished vanishes. */
void new_file_close(struct new_file **file);

#endif
