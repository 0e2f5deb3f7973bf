/* loose_match.h: whether a text begins with one of a dialect, white space left out of account.
 *
 * Owns what white space is in that: a few bytes of ASCII, of which models write more or less than
 * they should. Private to the parsers. */
#ifndef LOOSE_MATCH_H
#define LOOSE_MATCH_H

#include "base/base.h"

bool is_blank(char c);

/* A text without its white space at both ends: what it is recognised by. */
struct slice core_of(struct slice text);

/* The white space that it ends with. */
struct slice space_behind(struct slice text);

enum loose_match { MATCHES, MATCHES_NOT, MATCHES_SO_FAR };

/* White space counts nowhere but at the end of the pattern, where it is consumed as far as it is
 * there. So far: more text must arrive; never when `is_last`. */
enum loose_match match_loosely(struct slice text, struct slice pattern, bool is_last,
                               size_t *n_bytes);

/* Several patterns, one behind the other. */
enum loose_match match_row(struct slice text, const struct slice *row, size_t n, bool is_last,
                           size_t *n_bytes);

/* Whether the text is nothing, or a beginning of the pattern. */
bool is_cut_off(struct slice text, struct slice pattern);

#endif
