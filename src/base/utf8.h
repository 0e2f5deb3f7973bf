/* utf8.h: where one UTF-8 sequence ends and whether it is one (RFC 3629).
 *
 * Owns nothing. Any thread. */
#ifndef UTF8_H
#define UTF8_H

#include "base/base.h"

/* Length (1 to 4) of the valid sequence that begins at `p`, 0 when what stands there is none
 * (overlong, surrogate, above U+10FFFF, a stray continuation byte, or cut off by the end). */
size_t utf8_length(const uint8_t *p, size_t left);

/* The code point of a sequence that utf8_length accepted. */
uint32_t utf8_decode(const uint8_t *p, size_t length);

/* Write a code point (0 to 10FFFF) to `out`, room for 4; returns the length. */
size_t utf8_encode(uint32_t code_point, char *out);

/* How many bytes at the end of [p, p + length) could be the beginning of a sequence that is cut off
 * (0 to 3). */
size_t utf8_incomplete_tail(const uint8_t *p, size_t length);

bool utf8_valid(const uint8_t *p, size_t length);

#endif
