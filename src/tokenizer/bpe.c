#include "tokenizer/bpe.h"

#include "base/memory.h"
#include "base/table.h"
#include "base/utf8.h"
#include "tokenizer/byte_level.h"

static void find_byte_ids(struct bpe *bpe, const struct vocabulary *v)
{
    for (size_t byte = 0; byte < 256; byte++) {
        char text[4] = { (char)byte };
        size_t length = 1;
        if (bpe->alphabet == BPE_BYTE_LEVEL)
            length = utf8_encode(byte_level_code_point((uint8_t)byte), text);
        bpe->byte_ids[byte] = bpe->alphabet == BPE_CHARACTERS
                                  ? v->bytes[byte]
                                  : vocabulary_find(v, (struct slice){ text, length });
    }
}

bool bpe_init(struct bpe *bpe, enum bpe_alphabet alphabet, const struct vocabulary *v,
              size_t n_merges, struct error *err)
{
    *bpe = (struct bpe){ .alphabet = alphabet, .unknown = -1 };
    if (n_merges > MAX_VOCABULARY * 4)
        return fail(err, ERROR_FORMAT, "%zu merges, at most %d are supported", n_merges,
                    MAX_VOCABULARY * 4);
    size_t capacity = 16;
    while (capacity < n_merges + n_merges / 2)
        capacity *= 2;
    bpe->slots = memory_zeroed(capacity, sizeof *bpe->slots);
    if (!bpe->slots)
        return fail_memory(err, capacity * sizeof *bpe->slots, "the merges");
    bpe->mask = capacity - 1;
    find_byte_ids(bpe, v);
    return true;
}

void bpe_release(struct bpe *bpe)
{
    memory_free(bpe->slots);
    *bpe = (struct bpe){ 0 };
}

static uint64_t pair_of(token_id left, token_id right)
{
    return ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) + 1;
}

static size_t home_of(const struct bpe *bpe, uint64_t pair)
{
    return hash_u64(pair) & bpe->mask;
}

static struct merge_slot *slot_of(const struct bpe *bpe, token_id left, token_id right)
{
    uint64_t pair = pair_of(left, right);
    size_t i = home_of(bpe, pair);
    while (bpe->slots[i].pair && bpe->slots[i].pair != pair)
        i = (i + 1) & bpe->mask;
    return &bpe->slots[i];
}

void merge_batch_init(struct merge_batch *batch, struct bpe *bpe, const struct vocabulary *v,
                      const char *name)
{
    batch->bpe = bpe;
    batch->vocabulary = v;
    batch->name = name;
    batch->count = 0;
}

bool merge_batch_flush(struct merge_batch *batch, struct error *err)
{
    struct bpe *bpe = batch->bpe;
    token_id ids[MERGES_PER_BATCH * 3];
    vocabulary_find_many(batch->vocabulary, batch->texts, batch->count * 3, ids);
    for (size_t i = 0; i < batch->count * 3; i++)
        if (ids[i] < 0)
            return fail(err, ERROR_FORMAT, "'%s': merge %zu names '%s', which is no token",
                        batch->name, (size_t)bpe->n_merges + i / 3, printable(batch->texts[i]));
    for (size_t i = 0; i < batch->count; i++)
        __builtin_prefetch(&bpe->slots[home_of(bpe, pair_of(ids[i * 3], ids[i * 3 + 1]))]);
    for (size_t i = 0; i < batch->count; i++) {
        struct merge_slot *slot = slot_of(bpe, ids[i * 3], ids[i * 3 + 1]);
        if (slot->pair == 0) /* of two equal merges the first counts */
            *slot = (struct merge_slot){ .pair = pair_of(ids[i * 3], ids[i * 3 + 1]),
                                         .rank = bpe->n_merges,
                                         .joined = ids[i * 3 + 2] };
        bpe->n_merges++;
    }
    batch->count = 0;
    return true;
}

bool merge_batch_add(struct merge_batch *batch, struct slice left, struct slice right,
                     struct error *err)
{
    if (left.length > MAX_MERGED_BYTES || right.length > MAX_MERGED_BYTES - left.length)
        return fail(err, ERROR_FORMAT,
                    "'%s': merge %zu makes a token of %zu and %zu bytes, at most %d are supported",
                    batch->name, batch->bpe->n_merges + batch->count, left.length, right.length,
                    MAX_MERGED_BYTES);
    char *joined = batch->joined[batch->count];
    if (left.length)
        memcpy(joined, left.data, left.length);
    if (right.length)
        memcpy(joined + left.length, right.data, right.length);
    struct slice *texts = &batch->texts[batch->count++ * 3];
    texts[0] = left;
    texts[1] = right;
    texts[2] = (struct slice){ joined, left.length + right.length };
    return batch->count < MERGES_PER_BATCH || merge_batch_flush(batch, err);
}

bool merge_batch_add_line(struct merge_batch *batch, struct slice line, struct error *err)
{
    /* From the second byte: a token may begin with a space, none of the known ones holds another.
     */
    const char *space = line.length > 1 ? memchr(line.data + 1, ' ', line.length - 1) : NULL;
    if (!space)
        return fail(err, ERROR_FORMAT, "'%s': merge %zu is '%s', without a space", batch->name,
                    batch->bpe->n_merges + batch->count, printable(line));
    size_t left = (size_t)(space - line.data);
    return merge_batch_add(batch, (struct slice){ line.data, left },
                           (struct slice){ space + 1, line.length - left - 1 }, err);
}

/* What a pair lookup needs: the tables and the text that symbols point into. */
struct lookup {
    const struct bpe *bpe;
    const struct vocabulary *vocabulary;
    struct slice text;
};

static bool find_merge(const void *model, const struct symbol *left, const struct symbol *right,
                       uint32_t *rank, token_id *joined)
{
    const struct lookup *lookup = model;
    if (left->id < 0 || right->id < 0)
        return false;
    const struct merge_slot *slot = slot_of(lookup->bpe, left->id, right->id);
    *rank = slot->rank;
    *joined = slot->joined;
    return slot->pair != 0;
}

static bool find_rank(const void *model, const struct symbol *left, const struct symbol *right,
                      uint32_t *rank, token_id *joined)
{
    const struct lookup *lookup = model;
    struct slice text = { lookup->text.data + left->start, left->length + right->length };
    *joined = vocabulary_find(lookup->vocabulary, text);
    *rank = (uint32_t)*joined;
    return *joined >= 0;
}

static bool push_bytes(const struct bpe *bpe, struct slice piece, struct merger *merger,
                       struct error *err)
{
    for (size_t i = 0; i < piece.length; i++)
        if (!merger_push(merger, bpe->byte_ids[(uint8_t)piece.data[i]], i, 1, false, err))
            return false;
    return true;
}

static bool all_bytes_known(const struct bpe *bpe, struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (bpe->byte_ids[(uint8_t)text.data[i]] < 0)
            return false;
    return true;
}

/* A character that is no token: its bytes, or the unknown token. */
static bool push_unknown(const struct bpe *bpe, struct slice character, size_t start,
                         struct merger *merger, struct error *err)
{
    if (bpe->has_byte_fallback && all_bytes_known(bpe, character)) {
        for (size_t i = 0; i < character.length; i++)
            if (!merger_push(merger, bpe->byte_ids[(uint8_t)character.data[i]], start + i, 1, false,
                             err))
                return false;
        return true;
    }
    struct symbol *last = merger->n_symbols ? &merger->symbols[merger->n_symbols - 1] : NULL;
    if (bpe->unknown < 0)
        return true;
    if (bpe->fuses_unknown && last && last->id == bpe->unknown) {
        last->length += (uint32_t)character.length;
        return true;
    }
    return merger_push(merger, bpe->unknown, start, character.length, false, err);
}

static bool push_characters(const struct bpe *bpe, const struct vocabulary *v, struct slice piece,
                            struct merger *merger, struct error *err)
{
    for (size_t i = 0, length; i < piece.length; i += length) {
        length = utf8_length((const uint8_t *)piece.data + i, piece.length - i);
        length = length ? length : 1;
        struct slice character = { piece.data + i, length };
        token_id id = vocabulary_find(v, character);
        bool ok = id >= 0 ? merger_push(merger, id, i, length, false, err)
                          : push_unknown(bpe, character, i, merger, err);
        if (!ok)
            return false;
    }
    return true;
}

/* The token that the whole piece is, where the vocabulary wants that looked up first; else -1. */
static bool find_whole(const struct bpe *bpe, const struct vocabulary *v, struct slice piece,
                       struct text *scratch, token_id *id, struct error *err)
{
    *id = -1;
    if (bpe->joins_lines) {
        for (size_t i = 0; i < piece.length; i++)
            if (piece.data[i] != '\n')
                return true;
    } else if (!bpe->ignores_merges) {
        return true;
    }
    if (bpe->alphabet != BPE_BYTE_LEVEL || piece.length > v->longest) {
        *id = vocabulary_find(v, piece);
        return true;
    }
    text_clear(scratch);
    if (!byte_level_append(scratch, piece))
        return fail_memory(err, piece.length * 2, "a piece of text");
    *id = vocabulary_find(v, text_slice(scratch));
    return true;
}

bool bpe_encode(const struct bpe *bpe, const struct vocabulary *v, struct slice piece,
                struct merger *merger, struct text *scratch, struct token_list *out,
                struct error *err)
{
    token_id whole;
    if (!find_whole(bpe, v, piece, scratch, &whole, err))
        return false;
    if (whole >= 0)
        return token_list_push(out, whole) || fail_memory(err, out->count * 8, "token ids");
    struct lookup lookup = { bpe, v, piece };
    merger_clear(merger);
    bool ok = bpe->alphabet == BPE_CHARACTERS ? push_characters(bpe, v, piece, merger, err)
                                              : push_bytes(bpe, piece, merger, err);
    ok =
        ok && merger_run(merger, bpe->alphabet == BPE_RANKS ? find_rank : find_merge, &lookup, err);
    for (size_t i = 0; ok && i < merger->n_symbols; i++) {
        const struct symbol *symbol = &merger->symbols[i];
        if (symbol->length && symbol->id >= 0 && !token_list_push(out, symbol->id))
            ok = fail_memory(err, out->count * 8, "token ids");
    }
    return ok;
}
