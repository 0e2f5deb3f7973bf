/* trie.h: byte strings found by walking a text byte by byte.
 *
 * Owns a hash table of edges and one value per node. Leaves what the values mean to others. Filled
 * by one thread, then walked by any. */
#ifndef TRIE_H
#define TRIE_H

#include "base/base.h"

enum {
    TRIE_ROOT = 0,
    /* A walk takes as many steps as the longest key has bytes, once per position of a text: the
     * limit keeps a hostile vocabulary from making that quadratic. Published vocabularies stay
     * below 300. */
    TRIE_MAX_KEY = 1024,
};

struct trie {
    uint64_t *slots; /* [mask + 1]: parent node (28 bits), byte (8), child node (28); 0 marks a free
                        one */
    size_t mask;
    int32_t *values; /* [capacity]: of the key that ends here, -1 for none */
    uint32_t n_nodes, capacity;
};

/* All zeros is an empty trie. Adding a key again replaces its value. False when memory is out or
 * the key is longer than TRIE_MAX_KEY. */
bool trie_add(struct trie *trie, struct slice key, int32_t value) MUST_CHECK;
void trie_release(struct trie *trie);

/* The child of `node` along `byte`; TRIE_ROOT when there is none (nothing leads to the root). */
uint32_t trie_step(const struct trie *trie, uint32_t node, uint8_t byte);

/* Length of the longest key that `text` begins with and its value; 0 when none. */
size_t trie_longest(const struct trie *trie, struct slice text, int32_t *value);

#endif
