/* vocabulary.h: the tokens of one model: their texts, types, scores, and the way back from a text
 * to its id.
 *
 * Owns the arrays and a compact hash table; borrows the texts, which lie in a mapped file or in the
 * tokenizer's arena. Leaves how a text is cut into tokens to the models (bpe.h, unigram.h, ...).
 * Filled by one thread, then read by any. */
#ifndef VOCABULARY_H
#define VOCABULARY_H

#include "base/base.h"
#include "base/error.h"
#include "tokenizer/tokenizer.h"

/* GGUF's numbers (tokenizer.ggml.token_type), which SentencePiece's follow. */
enum token_type {
    TOKEN_UNDEFINED,
    TOKEN_NORMAL,
    TOKEN_UNKNOWN,
    TOKEN_CONTROL,
    TOKEN_USER_DEFINED,
    TOKEN_UNUSED,
    TOKEN_BYTE,
};

enum { MAX_VOCABULARY = 1 << 24 }; /* tokens; the largest published vocabularies have 2^20 */

struct vocabulary {
    struct slice *texts; /* [count], borrowed */
    uint8_t *types;      /* [count], enum token_type */
    float *scores;       /* [count]; NULL when the source has none */
    bool *is_end;        /* [count], generation stops there */
    size_t count;
    size_t longest;      /* bytes of the longest text */
    uint64_t *slots;     /* [mask + 1]: upper half of the text's hash, id + 1; 0 marks a free one */
    size_t mask;         /* 0 until vocabulary_index */
    token_id bytes[256]; /* ids of "<0x00>" ... "<0xFF>", -1 where absent */
};

/* `count` tokens without text, of type TOKEN_NORMAL. */
bool vocabulary_init(struct vocabulary *v, size_t count, bool has_scores,
                     struct error *err) MUST_CHECK;
void vocabulary_release(struct vocabulary *v);

/* Build the table from the texts (empty ones stay out) and find the byte tokens. Two tokens with
 * one text are an error. */
bool vocabulary_index(struct vocabulary *v, const char *name, struct error *err) MUST_CHECK;

/* Give a token without text its text, after vocabulary_index. */
bool vocabulary_add(struct vocabulary *v, token_id id, struct slice text, const char *name,
                    struct error *err) MUST_CHECK;

/* The id of a text, -1 when no token has it. */
token_id vocabulary_find(const struct vocabulary *v, struct slice text);

/* The same for `count` texts at once: a large vocabulary does not fit the processor's caches, and
 * here the lookups wait for memory together rather than one after another. */
enum { MAX_FIND_MANY = 96 };
void vocabulary_find_many(const struct vocabulary *v, const struct slice *texts, size_t count,
                          token_id *ids);

/* Whether `id` names a token. */
static inline bool vocabulary_has(const struct vocabulary *v, int64_t id)
{
    return id >= 0 && (uint64_t)id < v->count;
}

/* The byte that a text like "<0x0A>" stands for, -1 for any other text. */
int byte_of_text(struct slice text);

/* Correct the type of tokens whose text only control tokens have ("<|im_end|>", "<fim_prefix>"). */
void vocabulary_mark_controls(struct vocabulary *v);

/* Mark tokens by which published models end a turn ("</s>", "<|eot_id|>", ...) as ends where they
 * are control tokens. */
void vocabulary_find_ends(struct vocabulary *v);

#endif
