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

static struct merge_slot *slot_of(const struct bpe *bpe, token_id left, token_id right)
{
    uint64_t pair = ((uint64_t)(uint32_t)left << 32 | (uint32_t)right) + 1;
    size_t i = hash_u64(pair) & bpe->mask;
    while (bpe->slots[i].pair && bpe->slots[i].pair != pair)
        i = (i + 1) & bpe->mask;
    return &bpe->slots[i];
}

static bool part_id(const struct vocabulary *v, struct slice text, const char *name, uint32_t rank,
                    token_id *id, struct error *err)
{
    *id = vocabulary_find(v, text);
    return *id >= 0 || fail(err, ERROR_FORMAT, "'%s': merge %u names '%s', which is no token", name,
                            rank, printable(text));
}

bool bpe_add_merge(struct bpe *bpe, const struct vocabulary *v, struct slice left,
                   struct slice right, const char *name, struct error *err)
{
    char joined[512];
    if (left.length > v->longest || right.length > v->longest ||
        left.length + right.length > sizeof joined)
        return fail(err, ERROR_FORMAT,
                    "'%s': merge %u makes a token of %zu bytes, at most %zu are "
                    "supported",
                    name, bpe->n_merges, left.length + right.length, sizeof joined);
    if (left.length)
        memcpy(joined, left.data, left.length);
    if (right.length)
        memcpy(joined + left.length, right.data, right.length);
    token_id a, b, c;
    if (!part_id(v, left, name, bpe->n_merges, &a, err) ||
        !part_id(v, right, name, bpe->n_merges, &b, err) ||
        !part_id(v, (struct slice){ joined, left.length + right.length }, name, bpe->n_merges, &c,
                 err))
        return false;
    struct merge_slot *slot = slot_of(bpe, a, b);
    if (slot->pair == 0) { /* of two equal merges the first counts */
        slot->pair = ((uint64_t)(uint32_t)a << 32 | (uint32_t)b) + 1;
        slot->rank = bpe->n_merges;
        slot->joined = c;
    }
    bpe->n_merges++;
    return true;
}

bool bpe_add_merge_line(struct bpe *bpe, const struct vocabulary *v, struct slice line,
                        const char *name, struct error *err)
{
    /* From the second byte: a token may begin with a space, none of the known ones holds another.
     */
    const char *space = line.length > 1 ? memchr(line.data + 1, ' ', line.length - 1) : NULL;
    if (!space)
        return fail(err, ERROR_FORMAT, "'%s': merge %u is '%s', without a space", name,
                    bpe->n_merges, printable(line));
    size_t left = (size_t)(space - line.data);
    return bpe_add_merge(bpe, v, (struct slice){ line.data, left },
                         (struct slice){ space + 1, line.length - left - 1 }, name, err);
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
