/* byte_level.h: GPT-2's alphabet, in which each of the 256 bytes is one printable code point.
 *
 * Owns nothing. Vocabularies in this form store " the" as "Ġthe" (U+0120 for the space). Any
 * thread. */
#ifndef BYTE_LEVEL_H
#define BYTE_LEVEL_H

#include "base/base.h"
#include "base/text.h"

/* The code point that stands for a byte; the byte that a code point stands for, -1 when none. */
uint32_t byte_level_code_point(uint8_t byte);
int byte_level_byte(uint32_t code_point);

/* Append `bytes` in that alphabet. False when memory or the limit is used up. */
bool byte_level_append(struct text *out, struct slice bytes);

/* Append the bytes that `text` stands for; when a code point stands for none, change nothing and
 * set `*is_outside`. */
bool byte_level_append_bytes(struct text *out, struct slice text, bool *is_outside);

#endif
