/* token_mask.h: which tokens may come next.
 *
 * Owns the vocabulary as a tree of bytes (once per model, shared) and masks per matcher state,
 * cached. A token is allowed when its bytes lead to a live state, an end-of-generation token when
 * the text may end, a control token never. Masks are bits as sampler_pick takes them. */
#ifndef TOKEN_MASK_H
#define TOKEN_MASK_H

#include "runtime/grammar/matcher.h"

struct token_tree; /* immutable, any thread */

/* The bytes of each of n_tokens tokens, copied; { NULL, 0 } for control and end tokens. */
bool token_tree_open(struct token_tree **out, const struct slice *tokens, size_t n_tokens,
                     const int32_t *end_tokens, size_t n_end_tokens, struct error *err) MUST_CHECK;
void token_tree_close(struct token_tree **tree); /* accepts NULL, leaves NULL */

/* Bytes that a token used for spelling may have. */
uint32_t token_tree_longest(const struct token_tree *tree);

/* Whether tokens, the few long ones left aside, can spell a text: counts[0] is the fewest that do
 * and *first (-1 for "") begins them. `counts` [text.length + 1] holds the same for every tail. */
bool token_tree_spell(const struct token_tree *tree, struct slice text, uint32_t *counts,
                      int32_t *first);

struct token_masks; /* one thread, like its matcher */

/* Both must outlive the masks. The cache holds about limit_bytes, then begins anew. */
bool token_masks_open(struct token_masks **out, const struct token_tree *tree,
                      struct matcher *matcher, size_t limit_bytes, struct error *err) MUST_CHECK;
void token_masks_close(struct token_masks **masks); /* accepts NULL, leaves NULL */

/* A bit per token (t % 32 of word t / 32), valid until the next call; *n_allowed (may be NULL)
 * counts them. Errors: ERROR_UNSUPPORTED when no token continues the text, ERROR_BUDGET. */
bool token_masks_of(struct token_masks *masks, matcher_state state, const uint32_t **mask,
                    size_t *n_allowed, struct error *err) MUST_CHECK;

#endif
