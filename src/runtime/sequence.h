/* sequence.h: how far one sequence has come and which pages hold its keys and values.
 *
 * Owns the page table. The public half (open, close, length, truncate) is in engine.h; this is what
 * the engine sees. Called by the engine's thread only. */
#ifndef SEQUENCE_H
#define SEQUENCE_H

#include "runtime/engine.h"
#include "runtime/kv_cache.h"

struct sequence {
    struct kv_cache *cache; /* borrowed from the engine */
    uint8_t **pages;        /* [n_pages], room for most_pages */
    size_t n_pages, most_pages;
    uint32_t length, most_tokens;
};

bool sequence_new(struct sequence **out, struct kv_cache *cache, uint32_t most_tokens,
                  struct error *err) MUST_CHECK;

/* Pages for n_tokens more; on failure the sequence keeps what it had. */
bool sequence_reserve(struct sequence *sequence, uint32_t n_tokens, struct error *err) MUST_CHECK;

/* Make `to`, a sequence of the same engine, have read what `from` has; on failure it is empty. */
bool sequence_copy(struct sequence *to, const struct sequence *from, struct error *err) MUST_CHECK;

#endif
