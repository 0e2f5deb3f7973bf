/* golden_lines.h: the JSON lines of a file of golden data, one after the other. */
#ifndef GOLDEN_LINES_H
#define GOLDEN_LINES_H

#include "base/json.h"

/* Call `check` for each line of ../shared/golden/NAME (or $HEARTH_GOLDEN/NAME); false when there is
 * no such file. */
bool golden_each_line(const char *name, void (*check)(const struct json *line, void *context),
                      void *context);

/* Equal as JSON; members in any order unless `in_order`. */
bool json_same(const struct json *a, const struct json *b, bool in_order);

#endif
