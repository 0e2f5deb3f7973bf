/* normalizer.h: what happens to a text before it is cut and encoded.
 *
 * Owns a list of steps, applied in order. Leaves pieces to pretokenizer.h. Built by one thread,
 * then run by any. */
#ifndef NORMALIZER_H
#define NORMALIZER_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "tokenizer/charsmap.h"
#include "tokenizer/expression.h"
#include "tokenizer/trie.h"

enum normalizer_kind {
    NORMALIZE_NFC,
    NORMALIZE_NFD,
    NORMALIZE_NFKC,
    NORMALIZE_NFKD,
    NORMALIZE_LOWERCASE,
    NORMALIZE_STRIP_ACCENTS,
    NORMALIZE_STRIP,   /* white space at the ends */
    NORMALIZE_REPLACE, /* matches of an expression */
    NORMALIZE_PREPEND, /* to a text that is not empty */
    NORMALIZE_BERT,
    NORMALIZE_NMT,
    NORMALIZE_BYTE_LEVEL,  /* into GPT-2's alphabet */
    NORMALIZE_PRECOMPILED, /* a character map, applied as Hugging Face does: grapheme by grapheme */
    NORMALIZE_SENTENCEPIECE, /* a character map and the rules for spaces of a SentencePiece model */
};

struct normalizer_step {
    enum normalizer_kind kind;
    bool strips_left, strips_right;                        /* STRIP */
    bool cleans, parts_ideographs, strips_accents, lowers; /* BERT */
    bool adds_prefix, removes_extra, escapes;              /* SENTENCEPIECE */
    struct expression *expression;                         /* REPLACE, owned */
    struct slice content;                                  /* REPLACE, PREPEND: borrowed */
    struct charsmap charsmap;                              /* PRECOMPILED, SENTENCEPIECE */
    const struct trie
        *user_defined; /* SENTENCEPIECE: texts that stay as they are; borrowed, may be NULL */
};

enum { MAX_NORMALIZER_STEPS = 32 };

struct normalizer {
    struct normalizer_step steps[MAX_NORMALIZER_STEPS];
    size_t n_steps;
};
void normalizer_release(struct normalizer *n);

/* The expression of the step passes into the normalizer's hands, also on failure. */
bool normalizer_add(struct normalizer *n, struct normalizer_step step,
                    struct error *err) MUST_CHECK;

/* Run all steps over `text` (valid UTF-8). `is_continued`: nothing is put in front of it. The
 * result lies in `out`; `spare` is scratch. */
bool normalizer_run(const struct normalizer *n, struct slice text, bool is_continued,
                    struct text *out, struct text *spare, struct matcher *matcher,
                    struct error *err) MUST_CHECK;

#endif
