/* config_file.h: a file of settings, a line each: name = value.
 *
 * Owns the syntax: '#' begins a comment, a value with blanks at its ends or a '#' in it stands in
 * single quotes, or in double ones where \" and \\ stand for a quote and a backslash. Leaves what
 * names mean to server_config.h. One thread. */
#ifndef CONFIG_FILE_H
#define CONFIG_FILE_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

enum { CONFIG_FILE_MOST_BYTES = 256 << 10 };

/* A line of the file; false: it is refused with that error. `name` has '_' where '-' was written.
 */
typedef bool config_line(void *context, struct slice name, struct slice value, size_t line,
                         struct error *err);

/* `what` names the file in messages. ERROR_FORMAT with the line's number. */
bool config_text_read(struct slice bytes, const char *what, config_line *line, void *context,
                      struct error *err) MUST_CHECK;

/* The whole file; ERROR_NOT_FOUND when there is none. A FIFO or folder is an error, no hang. */
bool config_file_load(const char *path, struct text *out, struct error *err) MUST_CHECK;

#endif
