/* json_without.h: JSON in whose strings some texts do not occur.
 *
 * Owns the automaton of such strings, which must outlive the making of the grammar. One thread. */
#ifndef JSON_WITHOUT_H
#define JSON_WITHOUT_H

#include "dialogue/tag_text.h"
#include "runtime/grammar/value_spelling.h"

struct json_without {
    struct value_spelling spelling;
    struct regular *strings, *names; /* NULL: nothing is absent */
    struct code_points avoided[MAX_AVOIDED];
};

/* It may not be moved. */

bool json_without_init(struct json_without *out, struct grammar *g, enum json_spacing spacing,
                       const struct marks *absent, struct error *err) MUST_CHECK;
void json_without_release(struct json_without *json);
#endif
