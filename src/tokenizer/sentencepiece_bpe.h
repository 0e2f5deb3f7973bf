/* sentencepiece_bpe.h: SentencePiece's BPE, which joins the neighbours whose join is the token with
 * the best score.
 *
 * Owns nothing but its options; works over a whole text at once, without pieces. Leaves
 * normalization to normalizer.h. Any thread, each with a merger of its own. O(n log n). */
#ifndef SENTENCEPIECE_BPE_H
#define SENTENCEPIECE_BPE_H

#include "base/base.h"
#include "base/error.h"
#include "tokenizer/merger.h"
#include "tokenizer/trie.h"
#include "tokenizer/vocabulary.h"

struct sentencepiece_bpe {
    /* SentencePiece itself never makes control, unknown or byte tokens by joining; llama.cpp, whose
     * vectors define what a GGUF vocabulary gives, looks every text up. */
    bool joins_any_type;
    bool has_byte_fallback;
    token_id unknown;         /* -1: none */
    struct trie user_defined; /* taken whole before anything is joined */
    /* No token reaches over the beginning of a word: words are encoded one after another, with the
     * same result as the whole text and a heap that fits the caches. */
    bool stays_in_words;
};

/* The rest is filled in: look whether tokens stay in words. */
void sentencepiece_bpe_finish(struct sentencepiece_bpe *model, const struct vocabulary *v);
void sentencepiece_bpe_release(struct sentencepiece_bpe *model);

/* Append the ids of `text`, whose spaces are escaped. Bytes that are not UTF-8 become byte tokens.
 */
bool sentencepiece_bpe_encode(const struct sentencepiece_bpe *model, const struct vocabulary *v,
                              struct slice text, struct merger *merger, struct token_list *out,
                              struct error *err) MUST_CHECK;

#endif
