/* call_literals.h: arguments as literals of a program: key="text", n=1 or {key:<|"|>text<|"|>,n:1}.
 *
 * Owns that syntax for the spellings ARGUMENTS_PYTHON and ARGUMENTS_QUOTED of dialect.h; private to
 * the parsers. Strings may stand between double, single or the dialect's own quotes; only the last
 * escape nothing. */
#ifndef CALL_LITERALS_H
#define CALL_LITERALS_H

#include "base/error.h"
#include "base/text.h"

/* Looks for the bracket that closes the arguments in text that grows. */
struct literal_scan {
    size_t at;                     /* bytes looked at */
    int depth;                     /* of brackets */
    char string;                   /* the quote of the string that is open, else 0 */
    bool is_quoted;                /* a string between the dialect's own quotes is open */
    bool is_escaped, may_be_value; /* what follows */
};

/* True once a bracket is closed that was not opened; scan->at is then behind it. `text` begins
 * behind the opening one; `quote` may be "". */
bool find_literals_end(struct literal_scan *scan, struct slice text, const char *quote,
                       bool is_last);

/* Append `text`, members with `sign` between key and value, as a JSON object. ERROR_FORMAT when it
 * cannot be read. */
bool write_literals(struct text *out, struct slice text, char sign, const char *quote,
                    struct error *err) MUST_CHECK;

#endif
