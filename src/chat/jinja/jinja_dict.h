/* jinja_dict.h: dictionaries that keep their order, with any hashable value as a key.
 *
 * Owns entries and index. Leaves Python's rules of equality to jinja_compare.h. A dict is filled by
 * whoever makes it and never changed afterwards; a namespace is one that is. One thread while it is
 * filled. */
#ifndef JINJA_DICT_H
#define JINJA_DICT_H

#include "chat/jinja/jinja_run.h"

struct jinja_entry {
    uint64_t hash;
    struct jinja_value key, value;
};

struct jinja_dict {
    struct jinja_entry *entries; /* in the order of their coming */
    size_t count, capacity;
    uint32_t *index; /* entry + 1 by hash, twice as many as capacity; NULL while there are few */
};

struct jinja_dict *jinja_new_dict(struct jinja_run *run, size_t expected) MUST_CHECK;

/* Add or replace; fails for keys that cannot be hashed. */
bool jinja_put(struct jinja_run *run, struct jinja_dict *dict, const struct jinja_value *key,
               const struct jinja_value *value) MUST_CHECK;

/* *found is NULL when there is no such key; fails for keys that cannot be hashed. */
bool jinja_find(struct jinja_run *run, const struct jinja_dict *dict, const struct jinja_value *key,
                const struct jinja_value **found) MUST_CHECK;

/* The same for a text, which cannot fail. */
const struct jinja_value *jinja_find_text(const struct jinja_dict *dict, struct slice key);

static inline struct jinja_value jinja_dict_value(struct jinja_dict *dict)
{
    return (struct jinja_value){ .kind = JINJA_DICT, .dict = dict };
}

#endif
