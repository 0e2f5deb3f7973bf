#include "tokenizer/trie.h"

#include "base/memory.h"
#include "base/table.h"

enum { NODE_BITS = 28, MAX_NODES = 1 << NODE_BITS };

static uint64_t edge_key(uint32_t node, uint8_t byte)
{
    return (uint64_t)node << 8 | byte;
}

/* The slot of an edge, or the free one where it belongs. */
static uint64_t *edge(const struct trie *trie, uint64_t key)
{
    for (size_t i = hash_u64(key) & trie->mask;; i = (i + 1) & trie->mask)
        if (trie->slots[i] == 0 || trie->slots[i] >> NODE_BITS == key)
            return &trie->slots[i];
}

uint32_t trie_step(const struct trie *trie, uint32_t node, uint8_t byte)
{
    if (trie->mask == 0)
        return TRIE_ROOT;
    return (uint32_t)(*edge(trie, edge_key(node, byte)) & (MAX_NODES - 1));
}

/* Room for twice as many nodes; the edges move to a table of twice their number. */
static bool grow(struct trie *trie)
{
    uint32_t capacity = trie->capacity ? trie->capacity * 2 : 256;
    if (capacity > MAX_NODES)
        return false;
    int32_t *values = memory_resize(trie->values, capacity * sizeof *values);
    if (!values)
        return false;
    trie->values = values;
    struct trie larger = *trie;
    larger.mask = (size_t)capacity * 2 - 1;
    larger.slots = memory_zeroed(larger.mask + 1, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; trie->mask && i <= trie->mask; i++)
        if (trie->slots[i])
            *edge(&larger, trie->slots[i] >> NODE_BITS) = trie->slots[i];
    memory_free(trie->slots);
    if (trie->n_nodes == 0) {
        larger.values[TRIE_ROOT] = -1;
        larger.n_nodes = 1;
    }
    larger.capacity = capacity;
    *trie = larger;
    return true;
}

bool trie_add(struct trie *trie, struct slice key, int32_t value)
{
    if (key.length > TRIE_MAX_KEY)
        return false;
    uint32_t node = TRIE_ROOT;
    for (size_t i = 0; i < key.length; i++) {
        if (trie->n_nodes == trie->capacity && !grow(trie))
            return false;
        uint64_t *slot = edge(trie, edge_key(node, (uint8_t)key.data[i]));
        if (*slot == 0) {
            *slot = edge_key(node, (uint8_t)key.data[i]) << NODE_BITS | trie->n_nodes;
            trie->values[trie->n_nodes++] = -1;
        }
        node = (uint32_t)(*slot & (MAX_NODES - 1));
    }
    if (key.length)
        trie->values[node] = value;
    return true;
}

void trie_release(struct trie *trie)
{
    memory_free(trie->slots);
    memory_free(trie->values);
    *trie = (struct trie){ 0 };
}

size_t trie_longest(const struct trie *trie, struct slice text, int32_t *value)
{
    size_t longest = 0;
    uint32_t node = TRIE_ROOT;
    for (size_t i = 0; i < text.length; i++) {
        node = trie_step(trie, node, (uint8_t)text.data[i]);
        if (node == TRIE_ROOT)
            break;
        if (trie->values[node] >= 0) {
            longest = i + 1;
            *value = trie->values[node];
        }
    }
    return longest;
}
