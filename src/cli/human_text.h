/* human_text.h: sizes and times in the words that lists of models use.
 *
 * Owns nothing. Any thread. */
#ifndef HUMAN_TEXT_H
#define HUMAN_TEXT_H

#include "base/base.h"

enum { HUMAN_TEXT_BYTES = 40 };

/* "4.7 GB", "10 GB", "999 MB", "12 B": powers of 1000. */
const char *human_size(char out[HUMAN_TEXT_BYTES], uint64_t bytes);

/* "4 minutes", "About an hour", "Less than a second", from there "2 weeks". */
const char *human_span(char out[HUMAN_TEXT_BYTES], double seconds);

/* The moment that RFC 3339 text tells, in seconds since 1970; false: it is none. */
bool moment_read(struct slice text, double *seconds);

#endif
