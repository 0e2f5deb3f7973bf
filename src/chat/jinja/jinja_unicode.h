/* jinja_unicode.h: letters, digits, cases and white space as Python's str has them.
 *
 * Owns the classes of code points and the mappings of case, those to several code points included.
 * Any thread. */
#ifndef JINJA_UNICODE_H
#define JINJA_UNICODE_H

#include "chat/jinja/jinja_run.h"

/* The code point at the beginning of valid UTF-8, and its length in bytes. */
uint32_t jinja_point(const char *at, size_t left, size_t *length);

/* The byte where code point `n` begins; the end when there are not so many. */
size_t jinja_point_offset(struct slice text, size_t n);
size_t jinja_count_points(struct slice text);

bool jinja_is_space(uint32_t c);
bool jinja_is_line_end(uint32_t c);
bool jinja_is_alpha(uint32_t c);
bool jinja_is_decimal(uint32_t c);
bool jinja_is_digit(uint32_t c);
bool jinja_is_numeric(uint32_t c);
bool jinja_is_word(uint32_t c); /* letters, numbers, '_' */
bool jinja_is_lower(uint32_t c);
bool jinja_is_upper(uint32_t c); /* title case not counted */
bool jinja_is_title(uint32_t c);
bool jinja_is_printable(uint32_t c);

enum jinja_case { JINJA_UPPER, JINJA_LOWER, JINJA_TITLE, JINJA_SWAP, JINJA_CAPITALIZE, JINJA_FOLD };

/* Write the text in another case. */
bool jinja_write_case(struct jinja_run *run, struct slice text, enum jinja_case to) MUST_CHECK;

/* Without white space at the beginning, the end. */
struct slice jinja_strip(struct slice text, bool left, bool right);

/* Without the characters of `set`. */
bool jinja_strip_set(struct jinja_run *run, struct slice text, struct slice set, bool left,
                     bool right, struct slice *out) MUST_CHECK;

/* Cut the next line off *rest; its end is not part of it. */
struct slice jinja_next_line(struct slice *rest, size_t *end_length);

#endif
