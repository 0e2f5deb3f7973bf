/* text.h: bytes that grow, up to a limit that is part of the design.
 *
 * Owns one growable buffer. Leaves meaning (UTF-8, JSON) to others. One thread at a time. */
#ifndef TEXT_H
#define TEXT_H

#include "base/base.h"

struct text {
    char *data;      /* always NUL-terminated once something was appended; NULL before */
    size_t length;   /* without that NUL */
    size_t capacity; /* private */
    size_t limit;    /* appends that would pass this many bytes fail */
};

void text_init(struct text *text, size_t limit_bytes);
void text_release(struct text *text);
void text_clear(struct text *text); /* keeps the memory */

/* Forget what follows the first `length` bytes, which is not more than there are. */
void text_truncate(struct text *text, size_t length);

/* Each returns false, and changes nothing, when memory or the limit is used up. */
bool text_append(struct text *text, const void *bytes, size_t length);
bool text_append_string(struct text *text, const char *string);
bool text_append_slice(struct text *text, struct slice slice);
bool text_append_byte(struct text *text, char byte);
bool text_printf(struct text *text, const char *format, ...) PRINTF_LIKE(2, 3);

struct slice text_slice(const struct text *text);

#endif
