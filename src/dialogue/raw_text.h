/* raw_text.h: strings that stand in a call as they are, without quotes.
 *
 * Owns which texts a reader of answers takes for other values than strings (argument_types.h), or
 * does not get whole: line breaks at the ends, marks. One thread. */
#ifndef RAW_TEXT_H
#define RAW_TEXT_H

#include "chat/argument_types.h"
#include "dialogue/tag_text.h"
#include "runtime/grammar/value_spelling.h"

struct raw_text {
    struct string_spelling spelling;
    struct regular *allowed, *heads;
};

/* `ends_are_cut`: a line break at either end is taken away. */
bool raw_text_init(struct raw_text *out, struct grammar *g, const struct argument_types *types,
                   const struct marks *marks, bool ends_are_cut, struct error *err) MUST_CHECK;
void raw_text_release(struct raw_text *raw);

/* The kinds of values that an argument of these types can have (enum value_kinds). */
unsigned raw_text_kinds(const struct argument_types *types);

#endif
