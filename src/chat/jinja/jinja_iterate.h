/* jinja_iterate.h: one element after the other, from anything that has elements.
 *
 * Owns the iterators; filters that make elements as they are asked for (map, select) have their own
 * `next`. An iterator is also a value, which can be read once. */
#ifndef JINJA_ITERATE_H
#define JINJA_ITERATE_H

#include "chat/jinja/jinja_run.h"

/* Set *out to the next element, or to missing at the end and ever after. */
typedef bool jinja_next_function(struct jinja_run *run, struct jinja_iterator *it,
                                 struct jinja_value *out);

struct jinja_iterator {
    jinja_next_function *next;
    struct jinja_value source; /* what it walks */
    size_t position;           /* elements, or bytes of a string, so far */
    void *state;               /* of a filter */
};

/* Fails for what has no elements. An iterator gives itself. */
bool jinja_iterate(struct jinja_run *run, const struct jinja_value *v,
                   struct jinja_iterator **out) MUST_CHECK;

static inline bool jinja_next(struct jinja_run *run, struct jinja_iterator *it,
                              struct jinja_value *out)
{
    return jinja_spend(run, 1) && it->next(run, it, out);
}

bool jinja_new_iterator(struct jinja_run *run, jinja_next_function *next, void *state,
                        struct jinja_value *out) MUST_CHECK;

/* The last elements first; false in *can for what has no last element. */
bool jinja_iterate_reversed(struct jinja_run *run, const struct jinja_value *v, bool *can,
                            struct jinja_value *out) MUST_CHECK;

bool jinja_is_iterable(const struct jinja_value *v);

/* Element `i` (below the length) of a list, tuple or range. */
struct jinja_value jinja_element(const struct jinja_value *v, size_t i);

/* Collect what is left. */
bool jinja_collect(struct jinja_run *run, struct jinja_iterator *it,
                   struct jinja_items *items) MUST_CHECK;

/* list(v) or tuple(v); what is one already is not copied. */
bool jinja_to_list(struct jinja_run *run, const struct jinja_value *v, enum jinja_kind kind,
                   struct jinja_value *out) MUST_CHECK;

#endif
