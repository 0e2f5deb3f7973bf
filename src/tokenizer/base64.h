/* base64.h: bytes written in base64 (RFC 4648), read.
 *
 * Owns nothing. Any thread. */
#ifndef BASE64_H
#define BASE64_H

#include "base/base.h"

/* Decode `text`, padding optional, to `out`, which has room for text.length / 4 * 3 + 3 bytes.
 * False when a character does not belong there. */
bool base64_decode(struct slice text, char *out, size_t *length) MUST_CHECK;

#endif
