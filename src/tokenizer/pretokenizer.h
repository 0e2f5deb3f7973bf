/* pretokenizer.h: cutting a text into the pieces that tokens never cross.
 *
 * Owns a list of steps (mostly regular expressions), applied one after another to the pieces of the
 * step before. Leaves the pieces to the model. Built by one thread, then run by any, each with a
 * `struct pieces` of its own. */
#ifndef PRETOKENIZER_H
#define PRETOKENIZER_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "tokenizer/expression.h"

struct piece {
    size_t offset, length; /* in pieces.text */
    bool is_first;         /* begins where the whole text begins */
};

/* A text and how it is cut. Zero-initialize. */
struct pieces {
    struct text text;
    struct piece *items; /* [count] */
    size_t count, capacity;
};
void pieces_release(struct pieces *pieces);

/* What becomes of the separators: pieces of their own, nothing, the end of the piece before, the
 * beginning of the piece behind, or one piece for neighbouring ones. */
enum split_behavior {
    SPLIT_ISOLATED,
    SPLIT_REMOVED,
    SPLIT_MERGED_WITH_PREVIOUS,
    SPLIT_MERGED_WITH_NEXT,
    SPLIT_CONTIGUOUS,
};

enum prepend_scheme { PREPEND_ALWAYS, PREPEND_FIRST, PREPEND_NEVER };

enum { MAX_PRETOKENIZER_STEPS = 32 };

struct pretokenizer {
    struct pretokenizer_step *steps[MAX_PRETOKENIZER_STEPS];
    size_t n_steps;
};
void pretokenizer_release(struct pretokenizer *p);

/* Each adds one step. Matches of the expression are the separators, with `is_inverted` what lies
 * between them. */
bool pretokenizer_split(struct pretokenizer *p, struct slice pattern, enum split_behavior behavior,
                        bool is_inverted, struct error *err) MUST_CHECK;
bool pretokenizer_split_literal(struct pretokenizer *p, struct slice literal,
                                enum split_behavior behavior, bool is_inverted,
                                struct error *err) MUST_CHECK;
/* Every piece begins with a space. */
bool pretokenizer_prefix_space(struct pretokenizer *p, struct error *err) MUST_CHECK;
/* Spaces become `replacement` (at most 8 bytes), with which pieces also begin; split before each
 * where asked. */
bool pretokenizer_metaspace(struct pretokenizer *p, struct slice replacement,
                            enum prepend_scheme scheme, bool is_split,
                            struct error *err) MUST_CHECK;

/* The text is written in GPT-2's alphabet for the steps after (where none follow, the model does it
 * itself). */
bool pretokenizer_byte_level(struct pretokenizer *p, struct error *err) MUST_CHECK;

extern const char GPT2_EXPRESSION[];

/* What a name in tokenizer.ggml.pre stands for. */
struct named_pretokenizer {
    const char *names[20];
    const char *expressions[8];
    bool ignores_merges; /* a whole piece that is a token is that token */
    bool adds_bos;       /* unless the file says otherwise */
    bool keeps_spaces;   /* decoding leaves spaces before punctuation alone */
    bool is_raw;         /* spaces are U+2581 and bytes are <0xXX>, as in SentencePiece */
};
const struct named_pretokenizer *pretokenizer_named(struct slice name); /* NULL when unknown */
bool pretokenizer_add_named(struct pretokenizer *p, const struct named_pretokenizer *named,
                            struct error *err) MUST_CHECK;

/* Cut `text` (UTF-8 in form). `is_first`: it begins the whole text. The result lies in `out`;
 * `spare` is scratch. */
bool pretokenizer_run(const struct pretokenizer *p, struct slice text, bool is_first,
                      struct pieces *out, struct pieces *spare, struct matcher *matcher,
                      struct error *err) MUST_CHECK;

#endif
