/* unigram.h: the segmentation of a text whose tokens' log probabilities have the largest sum
 * (Viterbi).
 *
 * Owns a trie of the tokens. Leaves normalization and pieces to others. Filled by one thread, then
 * read by any. Time is the length of the text times that of the longest token. */
#ifndef UNIGRAM_H
#define UNIGRAM_H

#include "base/base.h"
#include "base/error.h"
#include "tokenizer/trie.h"
#include "tokenizer/vocabulary.h"

enum user_defined_score { /* what a user-defined token counts for: so much that it wins */
                          USER_DEFINED_OWN,  /* its own score (tokenizer.json knows no user-defined
                                                tokens) */
                          USER_DEFINED_ZERO, /* GGUF */
                          USER_DEFINED_BY_LENGTH, /* SentencePiece: its length times the best score
                                                   */
};

struct unigram_options {
    token_id unknown; /* -1: characters without a token are an error */
    bool has_byte_fallback;
    bool takes_any_type; /* control tokens too (tokenizer.json) */
    bool is_single;      /* sums in float, as SentencePiece does, rather than double */
    enum user_defined_score user_defined;
};

struct unigram {
    struct unigram_options options;
    struct trie trie;
    double unknown_score, best_score;
};

/* The vocabulary has scores. */
bool unigram_init(struct unigram *model, const struct vocabulary *v, struct unigram_options options,
                  const char *name, struct error *err) MUST_CHECK;
void unigram_release(struct unigram *model);

/* Append the ids of one piece; neighbouring unknown characters are one token. */
bool unigram_encode(const struct unigram *model, const struct vocabulary *v, struct slice text,
                    struct token_list *out, struct error *err) MUST_CHECK;

#endif
