/* dialect_families.h: the dialects of the families that output_parser.h knows by name, and of a few
 * more that are known by their templates only.
 *
 * Owns that table; private to dialect.h. Immutable; any thread. */
#ifndef DIALECT_FAMILIES_H
#define DIALECT_FAMILIES_H

#include "chat/dialect.h"

enum { DIALECT_MARKS = 3 };

struct dialect_family {
    const char *name; /* of output_parser.h; NULL: it has none */
    /* A template that holds all of these is of this family: whatever it renders, or only when what
     * it renders tells nothing. No marks: templates are not looked at. */
    const char *marks[DIALECT_MARKS];
    bool is_certain;
    struct dialect dialect;
};

/* Ends with a row without a name and without marks. Earlier rows win. */
extern const struct dialect_family dialect_families[];

#endif
