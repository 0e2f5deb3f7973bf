/* synth_vocabulary.h: vocabularies of real sizes made of generated strings.
 *
 * Owns the tokens, types, scores and merges and puts them into a GGUF file. Leaves to synth.c which
 * shape has which. The tokens can spell any text: single bytes, letters in pairs and threes, and
 * words that no text holds to fill up. */
#ifndef SYNTH_VOCABULARY_H
#define SYNTH_VOCABULARY_H

#include "base/base.h"
#include "base/error.h"
#include "formats/gguf_writer.h"

struct synth_special {
    uint32_t id;
    const char *text;
};

struct synth_vocabulary {
    const char *model; /* "gpt2": byte-level BPE with merges; "llama": SentencePiece with scores */
    const char *pre;   /* how text is split first; NULL for "llama" */
    uint32_t size;
    uint32_t special_begin,
        n_special; /* ids of special tokens; those without a row get a made-up name */
    const struct synth_special *specials; /* ended by a NULL text */
    uint32_t bos, eos;
    bool add_bos;
};

/* The tokenizer.ggml.* entries. */
bool synth_vocabulary_write(const struct synth_vocabulary *vocabulary, struct gguf_writer *writer,
                            struct error *err) MUST_CHECK;

#endif
