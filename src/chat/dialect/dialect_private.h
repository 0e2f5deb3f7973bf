/* dialect_private.h: how dialects come about; private to dialect.h.
 *
 * Owns the record behind a dialect. */
#ifndef DIALECT_PRIVATE_H
#define DIALECT_PRIVATE_H

#include "base/arena.h"
#include "chat/dialect.h"

struct dialect_holder {
    struct dialect dialect;
    struct arena *texts; /* NULL: they are static */
};

#endif
