/* charsmap.h: SentencePiece's precompiled character map: a double-array trie from byte strings to
 * their replacements.
 *
 * Owns nothing but the view; borrows the map, which was checked when it was opened. Any thread.
 * Format (source: sentencepiece/src/normalizer.cc and the Darts-clone library): a little-endian u32
 * with the size of the trie in bytes, the trie as 32-bit units, then replacements that each end in
 * a NUL byte. */
#ifndef CHARSMAP_H
#define CHARSMAP_H

#include "base/base.h"
#include "base/error.h"

struct charsmap {
    const uint8_t *units; /* [n_units] u32, unaligned; NULL: an empty map */
    size_t n_units;
    struct slice replacements; /* its last byte is NUL */
};

bool charsmap_open(struct charsmap *map, struct slice bytes, const char *name,
                   struct error *err) MUST_CHECK;

/* Length of the longest (or else the shortest) key that `text` begins with, and its replacement; 0
 * when none. */
size_t charsmap_find(const struct charsmap *map, struct slice text, bool shortest,
                     struct slice *replacement);

#endif
