#include "chat/jinja/jinja_dict.h"

#include "base/table.h"
#include "chat/jinja/jinja_compare.h"

/* Up to here comparing all keys is as fast as hashing one. */
enum { FEW = 8 };

struct jinja_dict *jinja_new_dict(struct jinja_run *run, size_t expected)
{
    struct jinja_dict *dict = jinja_alloc(run, 1, sizeof *dict);
    if (!dict || expected == 0)
        return dict;
    dict->entries = jinja_alloc(run, expected, sizeof *dict->entries);
    dict->capacity = expected;
    return dict->entries ? dict : NULL;
}

static size_t index_size(size_t capacity)
{
    size_t size = 4 * FEW;
    while (size < 2 * capacity)
        size *= 2;
    return size;
}

static void index_entry(struct jinja_dict *dict, size_t entry)
{
    size_t mask = index_size(dict->capacity) - 1;
    size_t slot = dict->entries[entry].hash & mask;
    while (dict->index[slot])
        slot = (slot + 1) & mask;
    dict->index[slot] = (uint32_t)entry + 1;
}

static bool build_index(struct jinja_run *run, struct jinja_dict *dict)
{
    dict->index = jinja_alloc(run, index_size(dict->capacity), sizeof *dict->index);
    for (size_t i = 0; dict->index && i < dict->count; i++)
        index_entry(dict, i);
    return dict->index != NULL;
}

static bool grow(struct jinja_run *run, struct jinja_dict *dict)
{
    size_t capacity = dict->capacity ? dict->capacity * 2 : 4;
    struct jinja_entry *larger = jinja_alloc(run, capacity, sizeof *larger);
    if (!larger)
        return false;
    if (dict->count)
        memcpy(larger, dict->entries, dict->count * sizeof *larger);
    dict->entries = larger;
    dict->capacity = capacity;
    return !dict->index || build_index(run, dict);
}

/* The entry of the key, or NULL. Comparing keys may run out of steps. */
static bool find_entry(struct jinja_run *run, const struct jinja_dict *dict,
                       const struct jinja_value *key, uint64_t hash, struct jinja_entry **found)
{
    size_t mask = dict->index ? index_size(dict->capacity) - 1 : 0;
    size_t slot = hash & mask;
    for (size_t i = 0; dict->index ? dict->index[slot] : i < dict->count; i++) {
        struct jinja_entry *entry = &dict->entries[dict->index ? dict->index[slot] - 1 : i];
        bool equal = false;
        if (entry->hash == hash && !jinja_equal(run, &entry->key, key, &equal))
            return false;
        *found = equal ? entry : NULL;
        if (equal)
            return true;
        slot = (slot + 1) & mask;
    }
    *found = NULL;
    return true;
}

bool jinja_put(struct jinja_run *run, struct jinja_dict *dict, const struct jinja_value *key,
               const struct jinja_value *value)
{
    uint64_t hash;
    struct jinja_entry *entry;
    if (!jinja_hash(run, key, &hash) || !find_entry(run, dict, key, hash, &entry))
        return false;
    if (entry) {
        entry->value = *value;
        return true;
    }
    if (dict->count == dict->capacity && !grow(run, dict))
        return false;
    dict->entries[dict->count++] = (struct jinja_entry){ hash, *key, *value };
    if (dict->index)
        index_entry(dict, dict->count - 1);
    else if (dict->count > FEW)
        return build_index(run, dict);
    return true;
}

bool jinja_find(struct jinja_run *run, const struct jinja_dict *dict, const struct jinja_value *key,
                const struct jinja_value **found)
{
    uint64_t hash;
    struct jinja_entry *entry;
    if (key->kind == JINJA_STRING) {
        *found = jinja_find_text(dict, jinja_slice(key));
        return jinja_spend_bytes(run, key->string->length);
    }
    if (!jinja_hash(run, key, &hash) || !find_entry(run, dict, key, hash, &entry))
        return false;
    *found = entry ? &entry->value : NULL;
    return true;
}

static bool is_key(const struct jinja_entry *entry, struct slice key)
{
    return entry->key.kind == JINJA_STRING && slice_equal(jinja_slice(&entry->key), key);
}

const struct jinja_value *jinja_find_text(const struct jinja_dict *dict, struct slice key)
{
    if (!dict->index) {
        for (size_t i = 0; i < dict->count; i++)
            if (is_key(&dict->entries[i], key))
                return &dict->entries[i].value;
        return NULL;
    }
    size_t mask = index_size(dict->capacity) - 1;
    uint64_t hash = hash_bytes(key.data, key.length);
    for (size_t slot = hash & mask; dict->index[slot]; slot = (slot + 1) & mask) {
        const struct jinja_entry *entry = &dict->entries[dict->index[slot] - 1];
        if (entry->hash == hash && is_key(entry, key))
            return &entry->value;
    }
    return NULL;
}
