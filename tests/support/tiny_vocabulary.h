/* tiny_vocabulary.h: vocabularies of a few tokens, built in memory for tests and fuzz targets.
 *
 * Owns the builder and what it built. Header only, since fuzz targets link nothing but the library.
 */
#ifndef TINY_VOCABULARY_H
#define TINY_VOCABULARY_H

#include "base/error.h"
#include "base/text.h"
#include "base/utf8.h"
#include "formats/gguf.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/tokenizer.h"

/* A GGUF file that grows value by value; `is_broken` when memory was out. */
struct tiny_gguf {
    struct text bytes;
    uint64_t n_values;
    bool is_broken;
};

static inline void tiny_put(struct tiny_gguf *g, const void *bytes, size_t size)
{
    if (!text_append(&g->bytes, bytes, size))
        g->is_broken = true;
}

static inline void tiny_u32(struct tiny_gguf *g, uint32_t value)
{
    tiny_put(g, &value, sizeof value);
}

static inline void tiny_u64(struct tiny_gguf *g, uint64_t value)
{
    tiny_put(g, &value, sizeof value);
}

static inline void tiny_string(struct tiny_gguf *g, struct slice text)
{
    tiny_u64(g, text.length);
    tiny_put(g, text.data, text.length);
}

static inline void tiny_begin(struct tiny_gguf *g)
{
    *g = (struct tiny_gguf){ 0 };
    text_init(&g->bytes, (size_t)64 << 20);
    tiny_put(g, "GGUF", 4);
    tiny_u32(g, 3);
    tiny_u64(g, 0);
    tiny_u64(g, 0);
}

static inline void tiny_key(struct tiny_gguf *g, const char *key, enum gguf_type type)
{
    tiny_string(g, slice_of(key));
    tiny_u32(g, type);
    g->n_values++;
    if (!g->is_broken)
        memcpy(g->bytes.data + 16, &g->n_values, sizeof g->n_values);
}

static inline void tiny_set_string(struct tiny_gguf *g, const char *key, const char *value)
{
    tiny_key(g, key, GGUF_STRING);
    tiny_string(g, slice_of(value));
}

static inline void tiny_set_u32(struct tiny_gguf *g, const char *key, uint32_t value)
{
    tiny_key(g, key, GGUF_U32);
    tiny_u32(g, value);
}

static inline void tiny_array(struct tiny_gguf *g, const char *key, enum gguf_type type,
                              uint64_t count)
{
    tiny_key(g, key, GGUF_ARRAY);
    tiny_u32(g, type);
    tiny_u64(g, count);
}

/* Tokens with their types and scores, collected before they are written as three arrays. */
enum { TINY_MAX_TOKENS = 512, TINY_MAX_TEXT = 24 };
struct tiny_tokens {
    char texts[TINY_MAX_TOKENS][TINY_MAX_TEXT];
    int32_t types[TINY_MAX_TOKENS];
    float scores[TINY_MAX_TOKENS];
    size_t count;
};

static inline void tiny_token(struct tiny_tokens *t, const char *text, int32_t type, float score)
{
    assert(t->count < TINY_MAX_TOKENS && strlen(text) < TINY_MAX_TEXT);
    memcpy(t->texts[t->count], text, strlen(text) + 1);
    t->types[t->count] = type;
    t->scores[t->count++] = score;
}

static inline void tiny_byte_tokens(struct tiny_tokens *t)
{
    static const char hex[] = "0123456789ABCDEF";
    for (int i = 0; i < 256; i++) {
        char text[] = "<0x00>";
        text[3] = hex[i >> 4];
        text[4] = hex[i & 15];
        tiny_token(t, text, 6, 0);
    }
}

static inline void tiny_write_tokens(struct tiny_gguf *g, const struct tiny_tokens *t)
{
    tiny_array(g, "tokenizer.ggml.tokens", GGUF_STRING, t->count);
    for (size_t i = 0; i < t->count; i++)
        tiny_string(g, slice_of(t->texts[i]));
    tiny_array(g, "tokenizer.ggml.token_type", GGUF_I32, t->count);
    tiny_put(g, t->types, t->count * sizeof *t->types);
    tiny_array(g, "tokenizer.ggml.scores", GGUF_F32, t->count);
    tiny_put(g, t->scores, t->count * sizeof *t->scores);
}

/* SentencePiece BPE: bytes 3 to 258, then pieces of "▁hello world". */
static inline void tiny_llama(struct tiny_gguf *g)
{
    static const char *const pieces[] = { "▁",  "h",  "e",    "l",      "o",       "w",      "r",
                                          "d",  "he", "ll",   "hell",   "hello",   "▁hello", "▁w",
                                          "or", "ld", "▁wor", "▁world", "<|user|>" };
    struct tiny_tokens t = { .count = 0 };
    tiny_token(&t, "<unk>", 2, 0);
    tiny_token(&t, "<s>", 3, 0);
    tiny_token(&t, "</s>", 3, 0);
    tiny_byte_tokens(&t);
    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        tiny_token(&t, pieces[i], i + 1 == COUNT_OF(pieces) ? 4 : 1, -(float)i);
    tiny_begin(g);
    tiny_set_string(g, "tokenizer.ggml.model", "llama");
    tiny_set_u32(g, "tokenizer.ggml.bos_token_id", 1);
    tiny_write_tokens(g, &t);
}

/* Byte-level BPE: ids are bytes, then joins, then special tokens. */
static inline void tiny_gpt2(struct tiny_gguf *g, const char *pre)
{
    static const char *const merges[] = { "h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or" };
    static const char *const joins[] = { "he", "ll", "hell", "hello", "Ġw", "or", "Ġwor" };
    struct tiny_tokens t = { .count = 0 };
    for (int i = 0; i < 256; i++) {
        char text[5] = "";
        utf8_encode(byte_level_code_point((uint8_t)i), text);
        tiny_token(&t, text, 1, 0);
    }
    for (size_t i = 0; i < COUNT_OF(joins); i++)
        tiny_token(&t, joins[i], 1, 0);
    tiny_token(&t, "<|begin|>", 3, 0);
    tiny_token(&t, "<|im_end|>", 3, 0);
    tiny_begin(g);
    tiny_set_string(g, "tokenizer.ggml.model", "gpt2");
    tiny_set_string(g, "tokenizer.ggml.pre", pre);
    tiny_set_u32(g, "tokenizer.ggml.bos_token_id", 263);
    tiny_set_u32(g, "tokenizer.ggml.eos_token_id", 264);
    tiny_write_tokens(g, &t);
    tiny_array(g, "tokenizer.ggml.merges", GGUF_STRING, COUNT_OF(merges));
    for (size_t i = 0; i < COUNT_OF(merges); i++)
        tiny_string(g, slice_of(merges[i]));
}

/* WordPiece in GGUF's form. */
static inline void tiny_bert(struct tiny_gguf *g)
{
    static const char *const pieces[] = { "▁hello", "▁wor", "ld", "s", "▁!", "▁a", "b", "▁中" };
    struct tiny_tokens t = { .count = 0 };
    tiny_token(&t, "[PAD]", 3, 0);
    tiny_token(&t, "[UNK]", 3, 0);
    tiny_token(&t, "[CLS]", 3, 0);
    tiny_token(&t, "[SEP]", 3, 0);
    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        tiny_token(&t, pieces[i], 1, 0);
    tiny_begin(g);
    tiny_set_string(g, "tokenizer.ggml.model", "bert");
    tiny_set_u32(g, "tokenizer.ggml.bos_token_id", 2);
    tiny_set_u32(g, "tokenizer.ggml.seperator_token_id", 3);
    tiny_set_u32(g, "tokenizer.ggml.unknown_token_id", 1);
    tiny_write_tokens(g, &t);
}

/* Unigram, as T5's. */
static inline void tiny_t5(struct tiny_gguf *g)
{
    static const char *const pieces[] = { "▁hello", "▁", "he", "llo", "l", "▁wor", "ld", "o" };
    struct tiny_tokens t = { .count = 0 };
    tiny_token(&t, "<pad>", 3, 0);
    tiny_token(&t, "</s>", 3, 0);
    tiny_token(&t, "<unk>", 2, 0);
    for (size_t i = 0; i < COUNT_OF(pieces); i++)
        tiny_token(&t, pieces[i], 1, -1 - (float)i);
    tiny_begin(g);
    tiny_set_string(g, "tokenizer.ggml.model", "t5");
    tiny_set_u32(g, "tokenizer.ggml.eos_token_id", 1);
    tiny_set_u32(g, "tokenizer.ggml.unknown_token_id", 2);
    tiny_key(g, "tokenizer.ggml.add_space_prefix", GGUF_BOOL);
    tiny_put(g, "\1", 1);
    tiny_write_tokens(g, &t);
}

/* A tokenizer.json with a bit of everything: BPE over bytes, added tokens that swallow white space.
 */
static const char TINY_JSON[] =
    "{\"added_tokens\":["
    "{\"id\":10,\"content\":\"<s>\",\"special\":true},"
    "{\"id\":11,\"content\":\"<mask>\",\"special\":true,\"lstrip\":true,\"rstrip\":true},"
    "{\"id\":12,\"content\":\"word\",\"special\":false,\"single_word\":true}],"
    "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"NFKC\"},{\"type\":"
    "\"Lowercase\"},{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\" \"}]},"
    "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Digits\","
    "\"individual_digits\":true},{\"type\":\"Metaspace\",\"replacement\":\"\\u2581\","
    "\"prepend_scheme\":\"first\"}]},"
    "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":"
    "\"<s>\",\"type_id\":0}},{\"Sequence\":{\"id\":\"A\",\"type_id\":0}}],\"special_tokens\":"
    "{\"<s>\":{\"id\":\"<s>\",\"ids\":[10],\"tokens\":[\"<s>\"]}}},"
    "\"decoder\":{\"type\":\"Metaspace\",\"replacement\":\"\\u2581\",\"prepend_scheme\":\"first\"},"
    "\"model\":{\"type\":\"BPE\",\"unk_token\":\"?\",\"fuse_unk\":true,\"vocab\":{\"?\":0,"
    "\"\\u2581\":1,\"h\":2,\"i\":3,\"hi\":4,\"\\u2581hi\":5,\"1\":6,\"2\":7,\".\":8,\"..\":9},"
    "\"merges\":[\"h i\",[\"\\u2581\",\"hi\"],\". .\"]}}";

#endif
