/* api_key_file.h: the key that clients from other machines must show.
 *
 * Owns the file's form: one line, readable by its owner alone. Any thread. */
#ifndef API_KEY_FILE_H
#define API_KEY_FILE_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

/* The key of a file of mode 600; made with 256 random bits, and the folders above it, where there
 * is none (*is_new). */
bool api_key_file_read(const char *path, struct text *key, bool *is_new,
                       struct error *err) MUST_CHECK;

#endif
