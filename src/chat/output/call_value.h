/* call_value.h: values as models spell them, written as JSON that every reader accepts.
 *
 * Each function appends one value to `out`. Errors: ERROR_FORMAT when the text is no such value
 * (`out` may then hold a part of it), ERROR_MEMORY. What is written is always valid: strings are
 * UTF-8, names do not repeat, numbers fit. */
#ifndef CALL_VALUE_H
#define CALL_VALUE_H

#include "base/error.h"
#include "base/text.h"

/* Deeper values are refused. */
enum { VALUE_DEPTH = 100 };

bool write_string_value(struct text *out, struct slice bytes, struct error *err) MUST_CHECK;
bool write_word_value(struct text *out, const char *word, struct error *err) MUST_CHECK;

/* A number as programs write them: "-1", "+.5", "1e3". */
bool write_number_value(struct text *out, struct slice digits, struct error *err) MUST_CHECK;
bool is_number(struct slice text);

/* JSON, all of `json` but white space around it. */
bool write_json_value(struct text *out, struct slice json, struct error *err) MUST_CHECK;
/* The same, which must be an object; null counts as the empty one. */
bool write_json_object(struct text *out, struct slice json, struct error *err) MUST_CHECK;

/* Looks for the end of a JSON object or array in text that grows, by brackets and quotes alone. */
struct bracket_scan {
    size_t at; /* bytes looked at */
    int depth;
    bool in_string, is_escaped;
};

/* True once the first bracket is closed; scan->at is then behind the one that closes it. `text` is
 * all that the scan began with, and what came since. */
bool find_brackets_end(struct bracket_scan *scan, struct slice text);

/* Whether a family that leaves out calls it cannot read may go on; otherwise `problem` is moved to
 * `err`. */
bool is_unreadable_only(const struct error *problem, struct error *err);

#endif
