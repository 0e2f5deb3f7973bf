/* stop.h: strings that end an answer, wherever the borders of tokens fall.
 *
 * Owns copies of the strings and the bytes that may turn out to begin one. One thread at a time. */
#ifndef STOP_H
#define STOP_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"

struct stop_matcher;

enum { STOP_MOST_STRINGS = 64, STOP_MOST_BYTES = 1024 };

/* Empty strings, more than STOP_MOST_STRINGS or longer than STOP_MOST_BYTES are ERROR_USAGE with
 * both numbers. */
bool stop_open(struct stop_matcher **out, const struct slice *strings, size_t n,
               struct error *err) MUST_CHECK;
void stop_close(struct stop_matcher **matcher); /* accepts NULL, leaves NULL */

/* Append to `out` the bytes that are now certain to lie outside any stop string. *matched gets the
 * number of the string that is complete, or -1; what came before it has been appended, the string
 * and what follows are gone. Of strings that complete at the same byte the one that begins first
 * wins. False when memory is out. */
bool stop_feed(struct stop_matcher *matcher, struct slice bytes, struct text *out,
               int *matched) MUST_CHECK;

/* The answer ends without a stop string: append what was held back. */
bool stop_finish(struct stop_matcher *matcher, struct text *out) MUST_CHECK;

/* Forget what is held back. */
void stop_clear(struct stop_matcher *matcher);

#endif
