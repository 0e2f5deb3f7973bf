/* decoder.h: what a token's stored text says.
 *
 * Owns nothing: options and borrowed texts. Leaves joining a stream of tokens to token_stream.c.
 * Any thread. */
#ifndef DECODER_H
#define DECODER_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "tokenizer/vocabulary.h"

enum { MAX_REPLACEMENTS = 8 };

struct decoder {
    bool writes_special_raw; /* control, unknown and user-defined tokens say their stored text
                                (GGUF) */
    bool hides_other_types;  /* tokens of unused and undefined type say nothing (GGUF) */
    bool hides_unknown;      /* the unknown token vanishes together with control tokens (GGUF) */
    bool is_byte_level;
    bool has_bytes;         /* "<0x0A>" is a byte */
    bool breaks_whole_runs; /* a run of byte tokens that is not UTF-8 becomes U+FFFD for each
                               (Hugging Face) */
    bool repairs;           /* what is not UTF-8 becomes U+FFFD */
    bool strips_space;      /* one space at the beginning of the text */
    bool cleans_spaces;     /* spaces before punctuation and contractions, as llama.cpp does */
    bool joins_with_spaces;
    struct {
        struct slice from, to;
    } replacements[MAX_REPLACEMENTS];
    size_t n_replacements;
    struct slice metaspace; /* becomes a space; vanishes from the first token */
    struct slice
        continuation;  /* "##": such tokens join the one before, others are parted by a space */
    bool cleans_words; /* spaces before punctuation and contractions, as Hugging Face does */
    struct slice unknown_text; /* what the unknown token says; empty: its stored text */
};

/* Whether a token says nothing unless special tokens are shown. */
bool decoder_hides(const struct decoder *d, const struct vocabulary *v, token_id id);

/* The byte that the token stands for, -1 for other tokens. */
int decoder_byte(const struct decoder *d, const struct vocabulary *v, token_id id);

/* Append what a token that is no byte says; `is_first`: nothing was decoded before. */
bool decoder_append(const struct decoder *d, const struct vocabulary *v, token_id id, bool is_first,
                    struct text *out);

/* Removing spaces before punctuation and contractions, byte by byte; zero-initialize. */
struct space_cleaner {
    uint8_t stages[3];
};
bool space_cleaner_push(struct space_cleaner *cleaner, struct slice bytes, struct text *out);
bool space_cleaner_finish(struct space_cleaner *cleaner, struct text *out);

#endif
