/* white_space.h: white space of Unicode at the ends of a text.
 *
 * Owns the list of its characters. Bytes that are no UTF-8 are no white space. Any thread. */
#ifndef WHITE_SPACE_H
#define WHITE_SPACE_H

#include "base/base.h"

/* How many bytes of white space `text` begins or ends with. */
size_t leading_space(struct slice text);
size_t trailing_space(struct slice text);

/* Without its white space at the left, at the right, at both ends. */
struct slice trim_left(struct slice text);
struct slice trim_right(struct slice text);
struct slice trim_space(struct slice text);

#endif
