/* raw_text.h: strings that stand in a call as they are, without quotes.
 *
 * Owns which texts a reader of answers takes for other values than strings (argument_types.h,
 * call_reader.h), or does not get whole: line breaks at the ends, marks. One thread. */
#ifndef RAW_TEXT_H
#define RAW_TEXT_H

#include "chat/output/argument_types.h"
#include "dialogue/tag_text.h"
#include "runtime/grammar/value_spelling.h"

/* How the text of an argument is read. */
struct raw_reading {
    struct argument_types types; /* that are declared */
    bool by_family;              /* by a family's own parser, which guesses more */
    bool ends_are_cut;           /* a line break at either end is taken away */
};

bool raw_readings_equal(const struct raw_reading *a, const struct raw_reading *b);

/* The kinds of values that it can be read as (enum value_kinds). */
unsigned raw_reading_kinds(const struct raw_reading *reading);

struct raw_text {
    struct string_spelling spelling;
    struct regular *allowed, *heads;
    struct code_points avoided[MAX_AVOIDED];
};

/* Texts that are read as strings: of those without marks (`unmarked`) the ones that are not read
 * otherwise. `out` may not be moved. */
bool raw_text_init(struct raw_text *out, struct grammar *g, const struct raw_reading *reading,
                   const struct marks *marks, const struct regular *unmarked,
                   struct error *err) MUST_CHECK;
void raw_text_release(struct raw_text *raw);

#endif
