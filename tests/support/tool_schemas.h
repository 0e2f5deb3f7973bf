/* tool_schemas.h: random declarations of tools, the same for the same number.
 *
 * Owns the generator: types, bounds, patterns, formats, enums, nesting, references, alternatives,
 * and names of all kinds. */
#ifndef TOOL_SCHEMAS_H
#define TOOL_SCHEMAS_H

#include "base/text.h"

struct tool_schemas {
    uint64_t random;          /* not 0 */
    bool has_odd_names;       /* also names that are no identifiers */
    bool has_typed_arguments; /* each argument says its type itself: no references, enums alone */
    struct text *out;
    int n_definitions;
};

/* The next of the generator's numbers, below n. */
uint32_t random_below(uint64_t *random, uint32_t n);

/* Append an array of one to three tools, as conversation_tools gives them. Ends the program when
 * memory is out. */
void write_random_tools(struct tool_schemas *s);

#endif
