/* jinja_scope.h: which name has which value, from the innermost body outwards.
 *
 * Owns the names of one loop round, macro call or block. Outermost are the run's globals: the
 * context, what the template itself sets outside all bodies, and the functions everybody has. */
#ifndef JINJA_SCOPE_H
#define JINJA_SCOPE_H

#include "chat/jinja/jinja_node.h"
#include "chat/jinja/jinja_run.h"

struct jinja_binding {
    jinja_symbol symbol;
    struct jinja_value value;
};

struct jinja_scope {
    struct jinja_scope *outer; /* NULL: the globals */
    size_t count, capacity;
    struct jinja_binding bindings[];
};

struct jinja_scope *jinja_new_scope(struct jinja_run *run, struct jinja_scope *outer,
                                    size_t n_names) MUST_CHECK;

/* In the innermost scope. */
bool jinja_bind(struct jinja_run *run, jinja_symbol symbol,
                const struct jinja_value *value) MUST_CHECK;

/* Undefined when there is none. */
struct jinja_value jinja_lookup(const struct jinja_run *run, jinja_symbol symbol);

#endif
