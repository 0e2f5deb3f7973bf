/* bpe.h: byte pair encoding of one piece of text by a ranked list of merges.
 *
 * Owns the table of merges, keyed by pairs of ids. Leaves cutting a text into pieces to
 * pretokenizer.h. Filled by one thread, then read by any. O(n log n) per piece. */
#ifndef BPE_H
#define BPE_H

#include "base/base.h"
#include "base/error.h"
#include "base/text.h"
#include "tokenizer/merger.h"
#include "tokenizer/vocabulary.h"

enum bpe_alphabet {
    BPE_BYTE_LEVEL, /* texts are written in GPT-2's alphabet (byte_level.h) */
    BPE_CHARACTERS, /* texts are UTF-8; unknown characters become byte tokens or the unknown token
                     */
    BPE_RANKS, /* texts are raw bytes and ids are ranks: any two neighbours whose join is a token
                  merge */
};

struct merge_slot {
    uint64_t pair; /* left id, right id, plus 1; 0 marks a free slot */
    uint32_t rank;
    token_id joined;
};

struct bpe {
    enum bpe_alphabet alphabet;
    bool ignores_merges; /* a whole piece that is a token is that token */
    bool joins_lines;    /* the same only for a piece of newlines (Gemma 4) */
    bool has_byte_fallback;
    bool fuses_unknown;       /* neighbouring unknown characters are one token */
    token_id unknown;         /* -1: unknown characters vanish */
    token_id byte_ids[256];   /* tokens of single bytes in the alphabet, -1 where absent */
    struct merge_slot *slots; /* [mask + 1] */
    size_t mask;
    uint32_t n_merges;
};

/* Room for `n_merges`; the vocabulary is indexed. */
bool bpe_init(struct bpe *bpe, enum bpe_alphabet alphabet, const struct vocabulary *v,
              size_t n_merges, struct error *err) MUST_CHECK;
void bpe_release(struct bpe *bpe);

/* Merges on their way into the table, looked up many at a time. Texts are borrowed until
 * merge_batch_flush. */
enum { MERGES_PER_BATCH = MAX_FIND_MANY / 3, MAX_MERGED_BYTES = 512 };
struct merge_batch {
    struct bpe *bpe;
    const struct vocabulary *vocabulary;
    const char *name; /* of the file, for messages */
    size_t count;
    struct slice texts[MERGES_PER_BATCH * 3]; /* left, right, joined */
    char joined[MERGES_PER_BATCH][MAX_MERGED_BYTES];
};

void merge_batch_init(struct merge_batch *batch, struct bpe *bpe, const struct vocabulary *v,
                      const char *name);
/* Add the next merge in order of rank. A part or join that is no token is an error, which names it
 * and the file. */
bool merge_batch_add(struct merge_batch *batch, struct slice left, struct slice right,
                     struct error *err) MUST_CHECK;
/* The same, written "left right". */
bool merge_batch_add_line(struct merge_batch *batch, struct slice line,
                          struct error *err) MUST_CHECK;
/* After the last one. */
bool merge_batch_flush(struct merge_batch *batch, struct error *err) MUST_CHECK;

/* Append the ids of one piece. `scratch` and `merger` are reused from piece to piece. */
bool bpe_encode(const struct bpe *bpe, const struct vocabulary *v, struct slice piece,
                struct merger *merger, struct text *scratch, struct token_list *out,
                struct error *err) MUST_CHECK;

#endif
