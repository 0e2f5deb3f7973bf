/* go_format.h: how Go shows values: as text, as JSON, and through the verbs of printf.
 *
 * Owns nothing. Every function appends to a text and returns false only when that is full or memory
 * is out. Any thread. */
#ifndef GO_FORMAT_H
#define GO_FORMAT_H

#include "base/text.h"
#include "chat/gotemplate/go_value.h"

/* As {{ value }} shows it, or (`inside` a list, or as an argument) with <nil> for nothing. */
bool go_print(struct text *out, struct go_value value, bool inside) MUST_CHECK;

/* As encoding/json writes it. */
bool go_write_json(struct text *out, struct go_value value) MUST_CHECK;

/* A quoted text, as %q shows it. */
bool go_write_quoted(struct text *out, struct slice text) MUST_CHECK;

/* The shortest text that reads back as the same number, such as 2.5 and 1e+06. */
bool go_write_real(struct text *out, double value) MUST_CHECK;

/* fmt.Sprintf. */
bool go_printf(struct text *out, struct slice format, const struct go_value *arguments,
               size_t count) MUST_CHECK;

#endif
