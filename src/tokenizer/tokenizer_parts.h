/* tokenizer_parts.h: the inside of `struct tokenizer`, for the files of this room that fill it
 * (load_*.c) and run it.
 *
 * Owns the list of parts. Leaves each part to its own header. Filled by one loader, then immutable.
 */
#ifndef TOKENIZER_PARTS_H
#define TOKENIZER_PARTS_H

#include "base/arena.h"
#include "base/json.h"
#include "base/mapped_file.h"
#include "formats/gguf.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/bpe.h"
#include "tokenizer/decoder.h"
#include "tokenizer/fill_tokens.h"
#include "tokenizer/normalizer.h"
#include "tokenizer/pretokenizer.h"
#include "tokenizer/sentencepiece_bpe.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/unigram.h"
#include "tokenizer/vocabulary.h"
#include "tokenizer/wordpiece.h"

enum tokenizer_model {
    MODEL_BPE,
    MODEL_SENTENCEPIECE_BPE,
    MODEL_UNIGRAM,
    MODEL_WORDPIECE,
};

/* What happens to a text between special tokens first of all. */
enum preparation {
    PREPARE_NOTHING, /* the text was made valid UTF-8 before special tokens were looked for */
    PREPARE_LENIENT, /* llama.cpp's reading of broken UTF-8 */
    PREPARE_ESCAPED, /* the bytes stay; spaces become U+2581, with one in front where asked */
    PREPARE_WORDS,   /* wordpiece_normalize */
};

enum { MAX_AFFIXES = 8 };

struct tokenizer {
    struct arena *arena;      /* texts and names that lie in no file */
    struct gguf *gguf;        /* owned when the tokenizer opened it */
    struct mapped_file *file; /* the same */
    const char *kind;
    struct vocabulary vocabulary;
    struct added_tokens added;

    bool repairs_text; /* what is not UTF-8 becomes U+FFFD before anything else */
    enum preparation preparation;
    bool prefixes_space; /* PREPARE_ESCAPED: in front of the text and after special tokens */
    bool escapes_spaces; /* PREPARE_LENIENT: spaces become U+2581 */
    bool lowers, strips_accents; /* PREPARE_WORDS */
    struct normalizer normalizer;
    struct pretokenizer pretokenizer;

    enum tokenizer_model model;
    struct bpe bpe;
    struct sentencepiece_bpe sentencepiece_bpe;
    struct unigram unigram;
    struct wordpiece wordpiece;
    struct decoder decoder;

    token_id before[MAX_AFFIXES], after[MAX_AFFIXES]; /* put around a text */
    size_t n_before, n_after;
    token_id bos, eos;
    struct fill_tokens declared_fill; /* by the file; -1 where it says nothing */
};

/* An empty tokenizer with an arena. */
struct tokenizer *tokenizer_new(struct error *err) MUST_CHECK;

/* From files; the sidecar tokenizer_config.json is read where there is one. */
bool load_json(struct tokenizer **out, const char *path, struct error *err) MUST_CHECK;
bool load_sentencepiece(struct tokenizer **out, const char *path, struct error *err) MUST_CHECK;
bool load_ranks(struct tokenizer **out, const char *vocabulary, const char *merges,
                struct error *err) MUST_CHECK;

/* tokenizer_config.json in the folder of `path`; `*config` is NULL when there is none. Close with
 * json_close. */
bool open_config_beside(const struct json **config, const char *path, struct error *err) MUST_CHECK;

/* Put the token in front of (behind) texts; too many are an error. */
bool tokenizer_put_before(struct tokenizer *t, token_id id, struct error *err) MUST_CHECK;
bool tokenizer_put_after(struct tokenizer *t, token_id id, struct error *err) MUST_CHECK;

#endif
