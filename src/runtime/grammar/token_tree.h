/* token_tree.h: the vocabulary's tree of bytes as arrays in preorder; private to the grammar
 * folder. */
#ifndef TOKEN_TREE_H
#define TOKEN_TREE_H

#include "runtime/grammar/token_mask.h"

/* What few tokens exceed: how far masks that states share need to look. */
enum { TOKEN_SHORT_BYTES = 24 };

/* Node i hangs below the nearest node before it whose end is greater than i. */
struct token_tree {
    size_t n_tokens, n_nodes, n_end_tokens;
    uint32_t longest; /* bytes of a token */
    uint8_t *byte;    /* [n_nodes] */
    uint32_t *end;    /* [n_nodes] one past the last node below */
    int32_t *token;   /* [n_nodes] the token whose bytes end here, or -1 */
    bool *is_plain;   /* [n_nodes] so are all bytes from here down (matcher_is_plain) */
    int32_t *same;    /* [n_tokens] another token of the same bytes, or -1 */
    int32_t *end_tokens;
    struct token_tree
        *longer; /* the tokens over TOKEN_SHORT_BYTES, the tree itself has the others */
};

#endif
