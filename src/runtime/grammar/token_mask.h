/* token_mask.h: which tokens may come next.
 *
 * Owns the vocabulary as a trie of bytes, once per model and shared, and a mask per matcher state,
 * cached. A token is allowed when its bytes lead to a live state; the end-of-generation tokens are
 * when the text may end; control tokens never are. Masks are bits as sampler_pick takes them. */
#ifndef TOKEN_MASK_H
#define TOKEN_MASK_H

#include "runtime/grammar/matcher.h"

struct token_trie;  /* immutable, any thread */
struct token_masks; /* one thread */

/* The bytes of each of n_tokens tokens; { NULL, 0 } for control and end tokens. */
bool token_trie_open(struct token_trie **out, const struct slice *tokens, size_t n_tokens,
                     const int32_t *end_tokens, size_t n_end_tokens, struct error *err) MUST_CHECK;
void token_trie_close(struct token_trie **trie);

bool token_masks_open(struct token_masks **out, const struct token_trie *trie,
                      struct matcher *matcher, size_t limit_bytes, struct error *err) MUST_CHECK;
void token_masks_close(struct token_masks **masks);

/* [n_tokens rounded up to 32, / 32] words that live until the next call; *n_allowed counts the
 * bits. */
bool token_masks_of(struct token_masks *masks, matcher_state state, const uint32_t **mask,
                    size_t *n_allowed, struct error *err) MUST_CHECK;

#endif
