/* string_format.h: JSON Schema's named string formats as regular expressions.
 *
 * Owns the table. Each expression's texts are valid in their format; forms that hardly anybody
 * writes (leap seconds, quoted local parts, ...) are left out. */
#ifndef STRING_FORMAT_H
#define STRING_FORMAT_H

#include "base/base.h"

/* NULL when the format is not known. */
const char *string_format_pattern(struct slice name);

#endif
