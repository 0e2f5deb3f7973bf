#include "base/table.h"

#include "base/memory.h"

#include <pthread.h>
#include <sys/random.h>

struct table_slot {
    const char *key; /* borrowed; NULL marks a free slot */
    size_t length;
    uint64_t hash, value;
};

static uint64_t seed[2] = { 0x9e3779b97f4a7c15u, 0xbf58476d1ce4e5b9u };
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void draw_seed(void)
{
    uint64_t fresh[2];
    if (getrandom(fresh, sizeof fresh, GRND_NONBLOCK) == sizeof fresh)
        memcpy(seed, fresh, sizeof seed);
}

/* 64 x 64 -> 128 bits, folded: every bit of the product depends on all bits of both. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t hash_u64(uint64_t value)
{
    pthread_once(&seed_once, draw_seed);
    return fold(value ^ seed[0], seed[1] | 1);
}

uint64_t hash_bytes(const void *bytes, size_t length)
{
    pthread_once(&seed_once, draw_seed);
    const unsigned char *p = bytes;
    uint64_t hash = seed[0] ^ length;
    for (; length >= 8; length -= 8, p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        hash = fold(hash ^ word, seed[1] | 1);
    }
    uint64_t word = 0;
    if (length)
        memcpy(&word, p, length);
    return fold(hash ^ word, (seed[1] | 1) + 0x9e3779b97f4a7c14u);
}

bool table_init(struct table *table, size_t expected)
{
    *table = (struct table){ 0 };
    if (expected > SIZE_MAX / 4)
        return false;
    size_t capacity = 16;
    while (capacity < expected + expected / 2)
        capacity *= 2;
    table->slots = memory_zeroed(capacity, sizeof *table->slots);
    if (!table->slots)
        return false;
    table->capacity = capacity;
    return true;
}

void table_release(struct table *table)
{
    memory_free(table->slots);
    *table = (struct table){ 0 };
}

/* The slot that holds the key, or the free one where it belongs. */
static struct table_slot *find(const struct table *table, struct slice key, uint64_t hash)
{
    for (size_t i = hash & (table->capacity - 1);; i = (i + 1) & (table->capacity - 1)) {
        struct table_slot *slot = &table->slots[i];
        if (!slot->key)
            return slot;
        if (slot->hash == hash && slot->length == key.length &&
            memcmp(slot->key, key.data, key.length) == 0)
            return slot;
    }
}

static bool grow(struct table *table)
{
    struct table larger;
    if (!table_init(&larger, table->capacity))
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        struct table_slot *slot = &table->slots[i];
        if (slot->key)
            *find(&larger, (struct slice){ slot->key, slot->length }, slot->hash) = *slot;
    }
    larger.count = table->count;
    table_release(table);
    *table = larger;
    return true;
}

bool table_put(struct table *table, struct slice key, uint64_t value)
{
    uint64_t hash = hash_bytes(key.data, key.length);
    struct table_slot *slot = find(table, key, hash);
    if (slot->key) {
        slot->value = value;
        return true;
    }
    if (table->count + 1 > table->capacity - table->capacity / 4) {
        if (!grow(table))
            return false;
        slot = find(table, key, hash);
    }
    *slot = (struct table_slot){ key.data ? key.data : "", key.length, hash, value };
    table->count++;
    return true;
}

bool table_get(const struct table *table, struct slice key, uint64_t *value)
{
    if (!table->capacity)
        return false;
    const struct table_slot *slot = find(table, key, hash_bytes(key.data, key.length));
    if (!slot->key)
        return false;
    if (value)
        *value = slot->value;
    return true;
}
