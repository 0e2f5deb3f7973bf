/* sequence.h: how far one sequence has come and which pages hold its keys and values.
 *
 * Owns the page table and, where prefixes are kept, the sequence's tokens. Its first pages may be
 * shared with other sequences (prefix_cache.h): nothing is written into those. The public half
 * (open, close, length, truncate) is in engine.h; this is what the engine and sessions see. Called
 * by the engine's thread only. */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include "runtime/engine.h"
#include "runtime/kv_cache.h"
#include "runtime/prefix_cache.h"

struct sequence {
    struct kv_cache *cache;        /* borrowed from the engine */
    struct prefix_cache *prefixes; /* borrowed from the engine; NULL: none are kept */
    uint8_t **pages;               /* [n_pages], room for most_pages */
    size_t n_pages, most_pages;
    size_t n_shared;       /* of them belong to the tree */
    struct prefix *shared; /* the last of those, held as each of them; or the root */
    token_id *tokens;      /* [length]; NULL without prefixes */
    uint32_t length, most_tokens;
};

/* `prefixes` may be NULL. */
bool sequence_new(struct sequence **out, struct kv_cache *cache, struct prefix_cache *prefixes,
                  uint32_t most_tokens, struct error *err) MUST_CHECK;

/* Pages for n_tokens more, which are the sequence's own; on failure it is as long as before. What
 * is evaluated until now is published for others. */
bool sequence_reserve(struct sequence *sequence, uint32_t n_tokens, struct error *err) MUST_CHECK;

/* The tokens are evaluated; there are pages for them. */
void sequence_append(struct sequence *sequence, const token_id *tokens, uint32_t n_tokens);

/* Become empty; what was evaluated is kept for whoever begins like that. */
void sequence_leave(struct sequence *sequence);

/* Become the longest beginning of the n tokens that this sequence has or another left, for
 * sequences that keep prefixes. Repeated, it goes on where others have come further meanwhile. */
void sequence_take_over(struct sequence *sequence, const token_id *tokens, size_t n);

/* The same beside another sequence of the engine, which goes on: what it has of the tokens and the
 * tree has not yet is taken over, too. */
void sequence_take_over_from(struct sequence *sequence, struct sequence *other,
                             const token_id *tokens, size_t n);

/* Make `to`, a sequence of the same engine, have read what `from` has, in pages of its own; on
 * failure it is empty. */
bool sequence_copy(struct sequence *to, const struct sequence *from, struct error *err) MUST_CHECK;

#endif
