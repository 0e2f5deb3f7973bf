/* table.h: a hash table from byte strings to 64-bit values.
 *
 * Owns its slots; borrows the keys, which must outlive it. The hash is seeded per process, since
 * keys come from strangers. One thread at a time while it is filled; any number may look up
 * afterwards. */
#ifndef TABLE_H
#define TABLE_H

#include "base/base.h"

struct table_slot;

struct table {
    struct table_slot *slots;
    size_t count, capacity;
};

/* Room for `expected` keys without growing. False when memory is out. */
bool table_init(struct table *table, size_t expected) MUST_CHECK;
void table_release(struct table *table);

/* Add or replace. False when memory is out (the table is unchanged). */
bool table_put(struct table *table, struct slice key, uint64_t value) MUST_CHECK;

/* Whether the key is there; `*value` is set only then and may be NULL. */
bool table_get(const struct table *table, struct slice key, uint64_t *value);

/* The seeded hash itself, for tables of other shapes. */
uint64_t hash_bytes(const void *bytes, size_t length);
uint64_t hash_u64(uint64_t value);

#endif
