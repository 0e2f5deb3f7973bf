/* jinja_loop.h: the variable `loop` inside a for statement.
 *
 * Owns the position of the loop and what it has to look ahead for. Leaves running the body to
 * jinja_statements.c. */
#ifndef JINJA_LOOP_H
#define JINJA_LOOP_H

#include "chat/jinja/jinja_run.h"

struct jinja_loop {
    struct jinja_iterator *iterator;
    struct jinja_value source; /* what is walked; missing when only the iterator knows it */
    struct jinja_value before, current, after; /* `after` counts only when has_after */
    bool has_after;
    struct jinja_value changed; /* the arguments of the last loop.changed() */
    int64_t index0;             /* -1 before the first round */
    size_t depth0;
    const struct jinja_node *node; /* the statement, for loop(...) of a recursive one */
    struct jinja_scope *outer;     /* where the statement stands */
};

/* The next element, missing at the end. */
bool jinja_loop_next(struct jinja_run *run, struct jinja_loop *loop,
                     struct jinja_value *out) MUST_CHECK;

/* loop.name; missing when there is no such attribute. */
bool jinja_loop_attribute(struct jinja_run *run, struct jinja_loop *loop, struct slice name,
                          struct jinja_value *out) MUST_CHECK;

#endif
