/* prefix_cache.h: keys and values of what was read before, by the tokens that they are of.
 *
 * Owns a tree of pages: a node is one page, its tokens, and the pages that came after it. Sequences
 * publish what they have and take over what they begin with; a page belongs to as many as count it.
 * Leaves go first, the ones not used for longest, when somebody needs a page. Called by the
 * engine's thread only. */
#ifndef PREFIX_CACHE_H
#define PREFIX_CACHE_H

#include "base/base.h"
#include "base/error.h"
#include "runtime/kv_cache.h"
#include "tokenizer/tokenizer.h"

struct prefix_cache;

bool prefix_cache_open(struct prefix_cache **out, struct kv_cache *cache,
                       struct error *err) MUST_CHECK;
void prefix_cache_close(struct prefix_cache **prefixes); /* accepts NULL, leaves NULL */

uint64_t prefix_cache_bytes(
    const struct prefix_cache *prefixes); /* of pages that nobody else counts */

/* Forget everything that no sequence uses. */
void prefix_cache_clear(struct prefix_cache *prefixes);

#endif
