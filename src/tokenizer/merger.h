/* merger.h: joining neighbouring symbols, best pair first, until no pair is known.
 *
 * Owns the symbols of one word and a heap of candidate pairs, reused from word to word. Leaves
 * which pairs are known, and which is best, to a function of the model (merge ranks in bpe.h,
 * scores in sentencepiece_bpe.h). O(n log n) for n symbols whatever they are. One thread at a time.
 */
#ifndef MERGER_H
#define MERGER_H

#include "base/base.h"
#include "base/error.h"
#include "tokenizer/tokenizer.h"

struct symbol {
    token_id id;     /* -1: no token (its bytes must be spelled) */
    uint32_t length; /* bytes of the text; 0 once joined to its left neighbour */
    size_t start;    /* first byte */
    int32_t previous, next;
    bool is_frozen; /* never joined */
};

struct merger {
    struct symbol *symbols; /* [n_symbols] */
    size_t n_symbols, symbol_capacity;
    struct candidate *heap; /* [n_heap] */
    size_t n_heap, heap_capacity;
};

/* Whether the two make a token; `*rank` orders the candidates (smaller first, equal ones from the
 * left). */
typedef bool pair_lookup(const void *model, const struct symbol *left, const struct symbol *right,
                         uint32_t *rank, token_id *joined);

void merger_release(struct merger *merger);
static inline void merger_clear(struct merger *merger)
{
    merger->n_symbols = 0;
}
bool merger_push(struct merger *merger, token_id id, size_t start, size_t length, bool is_frozen,
                 struct error *err) MUST_CHECK;

/* Join all that can be joined. Afterwards symbols of length 0 are to be skipped. */
bool merger_run(struct merger *merger, pair_lookup *lookup, const void *model,
                struct error *err) MUST_CHECK;

#endif
