/* slice_text.h: looking into texts.
 *
 * Owns nothing. Any thread. */
#ifndef SLICE_TEXT_H
#define SLICE_TEXT_H

#include "base/base.h"

struct slice slice_to(struct slice text, size_t end);
struct slice slice_from(struct slice text, size_t begin);

bool slice_is(struct slice text, const char *string);
bool begins_with(struct slice text, const char *prefix);
bool ends_with(struct slice text, const char *suffix);

/* Where `needle` begins first or last; SIZE_MAX when it does not occur. */
size_t find_first(struct slice text, const char *needle);
size_t find_last(struct slice text, const char *needle);
bool has(struct slice text, const char *needle);

#endif
