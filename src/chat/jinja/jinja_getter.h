/* jinja_getter.h: what filters mean by attribute='a.b'.
 *
 * Owns taking a value out of an element by a path, and what elements are sorted and compared by. */
#ifndef JINJA_GETTER_H
#define JINJA_GETTER_H

#include "chat/jinja/jinja_run.h"

struct jinja_getter {
    const struct jinja_list *paths; /* each a list of names and numbers; NULL: the element itself */
    struct jinja_value fallback;    /* for what is undefined, unless missing */
    bool ignores_case, makes_list;
};

/* `attribute`: missing or none, a number, or names and numbers with dots between them. With
 * `has_several`, commas stand between several of them, and what is got is a list in any case: lists
 * whose elements are equal have an order even where their elements have none. */
bool jinja_new_getter(struct jinja_run *run, const struct jinja_value *attribute, bool has_several,
                      struct jinja_getter *out) MUST_CHECK;

bool jinja_get(struct jinja_run *run, const struct jinja_getter *getter,
               const struct jinja_value *element, struct jinja_value *out) MUST_CHECK;

#endif
