/* prefix_cache.h: pages of keys and values by the tokens that they are of.
 *
 * Owns a tree: a node is one page, the tokens of its positions, and the pages that came after it.
 * Whole pages are shared by all sequences that begin with the same tokens, and counted; what fills
 * a page in part is copied by whoever goes on from there. Pages that nobody uses stay for whoever
 * comes, and go, leaves first, the ones not used for longest first, when another page is needed.
 * Leaves to sequence.h which tokens a sequence has. Called by the engine's thread only. */
#ifndef PREFIX_CACHE_H
#define PREFIX_CACHE_H

#include "base/base.h"
#include "base/error.h"
#include "runtime/kv_cache.h"
#include "tokenizer/tokenizer.h"

struct prefix_cache;
struct prefix; /* a page of the tree, and with it all those before */

/* `cache` must outlive it, and asks it for spare pages. */
bool prefix_cache_open(struct prefix_cache **out, struct kv_cache *cache,
                       struct error *err) MUST_CHECK;
/* accepts NULL, leaves NULL; nobody may hold anything */
void prefix_cache_close(struct prefix_cache **prefixes);

/* Of pages that nobody holds. */
uint64_t prefix_cache_idle_bytes(const struct prefix_cache *prefixes);

/* Forget everything that nobody holds. */
void prefix_cache_clear(struct prefix_cache *prefixes);

struct prefix *prefix_root(struct prefix_cache *prefixes); /* before the first page */
struct prefix *prefix_parent(const struct prefix *prefix);
uint8_t *prefix_page(const struct prefix *prefix);

/* Among what came after `after`, the page that begins with most of the n >= 1 tokens: n_common of
 * them, at most KV_PAGE_TOKENS. NULL when none begins with the first one. */
struct prefix *prefix_find(const struct prefix *after, const token_id *tokens, size_t n,
                           size_t *n_common);

/* Who holds a page holds all those before it. */
void prefix_hold(struct prefix_cache *prefixes, struct prefix *prefix);
void prefix_let_go(struct prefix_cache *prefixes, struct prefix *prefix);

/* A page of the caller's, which is filled with the keys and values of KV_PAGE_TOKENS tokens,
 * becomes one of the tree, held by the caller. Where the tree has it, *page becomes the tree's and
 * the caller's goes. NULL when memory is out: nothing has changed. `after` is held or the root. */
struct prefix *prefix_publish(struct prefix_cache *prefixes, struct prefix *after,
                              const token_id *tokens, uint8_t **page);

/* The same with the keys and values of 1 <= n < KV_PAGE_TOKENS tokens, held by nobody. */
void prefix_leave(struct prefix_cache *prefixes, struct prefix *after, const token_id *tokens,
                  size_t n, uint8_t *page);

/* A page with the same contents for the caller alone, in exchange for the hold on this one. Where
 * there is no memory for a copy and nobody else needs the page, it leaves the tree. On failure the
 * hold remains. */
bool prefix_part(struct prefix_cache *prefixes, struct prefix *prefix, uint8_t **page,
                 struct error *err) MUST_CHECK;

#endif
