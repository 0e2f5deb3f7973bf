/* added_tokens.h: tokens that are found in a text before anything else happens to it
 * ("<|im_start|>").
 *
 * Owns the list and its tries; borrows the texts. Leaves the text between them to the caller.
 * Filled by one thread, then read by any. */
#ifndef ADDED_TOKENS_H
#define ADDED_TOKENS_H

#include "base/base.h"
#include "base/error.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/trie.h"

struct added_token {
    struct slice text;
    token_id id;
    bool is_special;  /* found only where special tokens are parsed */
    bool strips_left; /* swallows white space on that side */
    bool strips_right;
    bool is_single_word; /* not inside a word */
    bool is_normalized;  /* looked for in the normalized text */
};

struct added_tokens {
    struct added_token *items; /* [count] */
    size_t count, capacity;
    /* Longest token first over the whole text (llama.cpp) rather than the longest at each place
     * (Hugging Face). */
    bool by_length;
    struct trie plain, normalized; /* value: index into items */
};

bool added_tokens_add(struct added_tokens *added, struct added_token token,
                      struct error *err) MUST_CHECK;
void added_tokens_release(struct added_tokens *added);

/* After the last one was added: sorts by length where that counts. */
void added_tokens_finish(struct added_tokens *added);

/* A part of a text: a token, or what lies between tokens (id -1). */
struct fragment {
    size_t offset, length;
    token_id id;
};
struct fragments {
    struct fragment *items; /* [count] */
    size_t count, capacity;
};
void fragments_release(struct fragments *fragments);

/* What is looked for, and where. */
struct added_search {
    bool parse_special;
    bool normalized;        /* tokens that are looked for in normalized text only, or the others */
    const size_t *barriers; /* [n_barriers] ascending offsets that no special token crosses */
    size_t n_barriers;
};

/* Cut `text` into fragments that replace those in `out`. */
bool added_tokens_find(const struct added_tokens *added, struct slice text,
                       const struct added_search *search, struct fragments *out,
                       struct error *err) MUST_CHECK;

#endif
