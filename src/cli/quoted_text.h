/* quoted_text.h: any bytes in one line, for people.
 *
 * Owns the escapes. One thread. */
#ifndef QUOTED_TEXT_H
#define QUOTED_TEXT_H

#include "base/text.h"

/* Append the bytes in quotes, so that spaces are seen; what no line can show is \n, \t, \r or \xHH.
 */
bool quoted_text_append(struct text *out, struct slice bytes) MUST_CHECK;

#endif
