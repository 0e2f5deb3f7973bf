/* tokenizer.h: text to token ids and back.
 *
 * Owns the vocabulary and everything derived from it (hash tables, compiled expressions). Leaves to
 * callers whether special tokens are wanted. Immutable once opened: any number of threads may
 * encode and decode at once. */
#ifndef TOKENIZER_H
#define TOKENIZER_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "formats/gguf.h"

typedef int32_t token_id;

struct tokenizer;

/* From GGUF metadata (tokenizer.ggml.*). Strings stay in the mapping: the file must outlive the
 * tokenizer. */
bool tokenizer_from_gguf(struct tokenizer **out, const struct gguf *gguf,
                         struct error *err) MUST_CHECK;

/* From any vocabulary file: GGUF, tokenizer.json (with tokenizer_config.json beside it),
 * SentencePiece tokenizer.model, tiktoken ranks, GPT-2 encoder.json + vocab.bpe (vocab.json +
 * merges.txt), or a model directory holding one of those. */
bool tokenizer_open(struct tokenizer **out, const char *path, struct error *err) MUST_CHECK;

/* A tokenizer.json that is already in memory. For fuzzing and embedding. */
bool tokenizer_from_json(struct tokenizer **out, const char *bytes, size_t length, const char *name,
                         struct error *err) MUST_CHECK;

/* What rank files and encoder.json + vocab.bpe pairs do not say themselves. */
struct rank_options {
    const char *expression; /* cuts the text into pieces; NULL: GPT-2's */
    bool ignores_merges;    /* a whole piece that is a token is that token */
    const struct added_special {
        const char *text;
        int32_t id;
    } * added; /* [n_added] special tokens */
    size_t n_added;
};

/* From tiktoken ranks (`merges` NULL) or GPT-2's vocabulary and merges. tokenizer_open of such a
 * file takes the options from a tokenizer_config.json beside it (pat_str, ignore_merges,
 * added_tokens_decoder), else GPT-2's. */
bool tokenizer_from_ranks(struct tokenizer **out, const char *vocabulary, const char *merges,
                          const struct rank_options *options, struct error *err) MUST_CHECK;

void tokenizer_close(struct tokenizer **tokenizer); /* accepts NULL, leaves NULL */

/* Growable list of ids; zero-initialize, release with token_list_release. */
struct token_list {
    token_id *ids; /* [count] */
    size_t count, capacity;
};
void token_list_release(struct token_list *list);
bool token_list_push(struct token_list *list, token_id id) MUST_CHECK;

struct encode_options {
    bool add_special;   /* what the vocabulary puts around a text: BOS, EOS, [CLS] ... [SEP] */
    bool parse_special; /* "<|eot_id|>" written in the text is that token rather than its letters */
    bool is_continued;  /* the text goes on where another ended: no space is put in front of it */
    /* [n_barriers] ascending offsets into the text that no such token stretches across: so a part
     * of a text can be kept from being one. The text must be UTF-8 then. */
    const size_t *barriers;
    size_t n_barriers;
};

/* Append the ids of `text` to `out`. Bytes that are not UTF-8 are encoded as the vocabulary's byte
 * tokens or as U+FFFD. Time is O(n log n) in the length of the text, memory O(n). */
bool tokenizer_encode(const struct tokenizer *t, struct slice text, struct encode_options options,
                      struct token_list *out, struct error *err) MUST_CHECK;

/* Where the first control token that `text` would have from `from` on begins and ends; false when
 * there is none. */
bool tokenizer_find_special(const struct tokenizer *t, struct slice text, size_t from,
                            size_t *begin, size_t *end);

/* Append the text of ids; `with_special` writes special tokens as their text, otherwise they
 * vanish. Ids out of range are an error. The result of byte tokens may not be UTF-8; ids are
 * decoded as one text (a leading space that the vocabulary inserts is removed). */
bool tokenizer_decode(const struct tokenizer *t, const token_id *ids, size_t count,
                      bool with_special, struct text *out, struct error *err) MUST_CHECK;

/* Streaming decode: one id in, the bytes that are certain out; never splits a UTF-8 sequence. What
 * is not UTF-8 comes out as U+FFFD. Apart from that, and from broken runs of byte tokens, of which
 * it keeps what is whole, all of it together is what tokenizer_decode gives. Zero-initialize. */
struct token_stream {
    uint8_t pending[8]; /* the beginning of a sequence */
    size_t n_pending;
    bool is_continued;   /* something was decoded before: no leading space is removed */
    bool keeps_spaces;   /* none before punctuation is taken away, whatever the vocabulary wants */
    uint8_t cleaning[3]; /* spaces held back until it is known whether punctuation follows */
};
bool token_stream_next(const struct tokenizer *t, struct token_stream *stream, token_id id,
                       bool with_special, struct text *out, struct error *err) MUST_CHECK;
/* The end: what is pending comes out as U+FFFD. */
bool token_stream_finish(struct token_stream *stream, struct text *out) MUST_CHECK;

/* Append the bytes that a token adds to a text which has begun, spaces kept: what a stream says of
 * it. Nothing for tokens that are no text: control, unknown, unused and end tokens, ids out of
 * range. */
bool tokenizer_append_bytes(const struct tokenizer *t, token_id id, struct text *out) MUST_CHECK;

size_t tokenizer_size(const struct tokenizer *t);
/* "llama (SentencePiece BPE)", "gpt2 (byte-level BPE, llama-bpe)" */
const char *tokenizer_kind(const struct tokenizer *t);

/* -1 where the vocabulary has none. */
token_id tokenizer_bos(const struct tokenizer *t);
token_id tokenizer_eos(const struct tokenizer *t);
bool tokenizer_adds_bos(const struct tokenizer *t);
/* EOS, EOT, EOM: generation stops here */
bool tokenizer_is_end(const struct tokenizer *t, token_id id);
bool tokenizer_is_special(const struct tokenizer *t, token_id id); /* control tokens */

/* The stored text of one token (not decoded); empty when out of range. The id of such a text; -1
 * when none. */
struct slice tokenizer_token_text(const struct tokenizer *t, token_id id);
token_id tokenizer_find(const struct tokenizer *t, struct slice text);

/* Mark a further id as end of generation (generation_config.json's eos_token_id). */
bool tokenizer_add_end(struct tokenizer *t, token_id id) MUST_CHECK;

#endif
