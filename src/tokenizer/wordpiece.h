/* wordpiece.h: words cut from the left into the longest known tokens, as BERT does.
 *
 * Owns two tries: of tokens that begin a word and of those that continue one. Leaves cutting text
 * into words to normalizer.h and pretokenizer.h. Filled by one thread, then read by any. */
#ifndef WORDPIECE_H
#define WORDPIECE_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "tokenizer/trie.h"
#include "tokenizer/vocabulary.h"

struct wordpiece {
    struct trie first, rest;
    token_id unknown;
    size_t max_characters; /* longer words are unknown; 0: no limit */
    bool marks_words; /* stored as in GGUF: U+2581 in front of first tokens, nothing in front of the
                         others */
};

/* `prefix` stands in front of tokens that continue a word ("##"); empty for GGUF's form. */
bool wordpiece_init(struct wordpiece *model, const struct vocabulary *v, struct slice prefix,
                    const char *name, struct error *err) MUST_CHECK;
void wordpiece_release(struct wordpiece *model);

/* Append the ids of one word. */
bool wordpiece_encode(const struct wordpiece *model, struct slice word, struct text *scratch,
                      struct token_list *out, struct error *err) MUST_CHECK;

/* What llama.cpp does before: lower case, accents stripped, punctuation and ideographs alone, one
 * space between words. The text is UTF-8 in form. */
bool wordpiece_normalize(struct text *out, struct slice text, bool lowers, bool strips_accents);

#endif
