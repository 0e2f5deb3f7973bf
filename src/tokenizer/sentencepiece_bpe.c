#include "tokenizer/sentencepiece_bpe.h"

void sentencepiece_bpe_release(struct sentencepiece_bpe *model)
{
    trie_release(&model->user_defined);
}

static const char MARK[] = "\xe2\x96\x81"; /* U+2581, an escaped space */
enum { MARK_BYTES = 3 };

static bool is_mark(struct slice text, size_t i)
{
    return text.length - i >= MARK_BYTES && memcmp(text.data + i, MARK, MARK_BYTES) == 0;
}

/* Whether a mark stands behind something else than a mark. */
static bool reaches_over(struct slice text)
{
    for (size_t i = 1; i < text.length; i++)
        if (is_mark(text, i) && !(i >= MARK_BYTES && is_mark(text, i - MARK_BYTES)))
            return true;
    return false;
}

void sentencepiece_bpe_finish(struct sentencepiece_bpe *model, const struct vocabulary *v)
{
    model->stays_in_words = model->user_defined.n_nodes == 0;
    for (size_t i = 0; model->stays_in_words && i < v->count; i++)
        model->stays_in_words = !reaches_over(v->texts[i]);
}

struct lookup {
    const struct sentencepiece_bpe *model;
    const struct vocabulary *vocabulary;
    struct slice text;
};

/* Higher scores first: float bits, turned so that unsigned order is descending order of the
 * numbers. */
static uint32_t rank_of_score(float score)
{
    uint32_t bits;
    score += 0.0f; /* -0 becomes +0: equal scores must tie */
    memcpy(&bits, &score, sizeof bits);
    return bits & 0x80000000u ? bits : ~(bits | 0x80000000u);
}

static bool may_join(const struct sentencepiece_bpe *model, uint8_t type)
{
    return model->joins_any_type || type == TOKEN_NORMAL || type == TOKEN_USER_DEFINED ||
           type == TOKEN_UNUSED;
}

static bool find_join(const void *context, const struct symbol *left, const struct symbol *right,
                      uint32_t *rank, token_id *joined)
{
    const struct lookup *lookup = context;
    struct slice text = { lookup->text.data + left->start, left->length + right->length };
    *joined = vocabulary_find(lookup->vocabulary, text);
    if (*joined < 0 || !may_join(lookup->model, lookup->vocabulary->types[*joined]))
        return false;
    *rank = rank_of_score(lookup->vocabulary->scores[*joined]);
    return true;
}

/* Length of the character that a first byte announces, cut at the end of the text. Continuation
 * bytes are not looked at: the vectors of GGUF vocabularies show that for broken text. */
static size_t announced_length(struct slice text, size_t i)
{
    static const uint8_t lengths[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4 };
    return size_min(lengths[(uint8_t)text.data[i] >> 4], text.length - i);
}

static bool push_symbols(const struct sentencepiece_bpe *model, const struct vocabulary *v,
                         struct slice text, struct merger *merger, struct error *err)
{
    for (size_t i = 0, length; i < text.length; i += length) {
        int32_t id;
        struct slice rest = { text.data + i, text.length - i };
        length = trie_longest(&model->user_defined, rest, &id);
        bool is_frozen = length > 0;
        if (!is_frozen) {
            length = announced_length(text, i);
            id = vocabulary_find(v, (struct slice){ text.data + i, length });
            if (id >= 0 && !may_join(model, v->types[id]))
                id = -1;
        }
        if (!merger_push(merger, id, i, length, is_frozen, err))
            return false;
    }
    return true;
}

/* A symbol that is no token: its bytes, else one unknown token for a run of them. */
static bool spell(const struct sentencepiece_bpe *model, const struct vocabulary *v,
                  struct slice text, bool *was_unknown, struct token_list *out)
{
    bool is_unknown = !model->has_byte_fallback;
    for (size_t i = 0; !is_unknown && i < text.length; i++)
        is_unknown = v->bytes[(uint8_t)text.data[i]] < 0;
    bool repeats = *was_unknown;
    *was_unknown = is_unknown;
    if (is_unknown)
        return repeats || model->unknown < 0 || token_list_push(out, model->unknown);
    for (size_t i = 0; i < text.length; i++)
        if (!token_list_push(out, v->bytes[(uint8_t)text.data[i]]))
            return false;
    return true;
}

/* Where the word that begins at `from` ends: in front of the next mark behind something else. */
static size_t word_end(const struct sentencepiece_bpe *model, struct slice text, size_t from)
{
    bool was_mark = true;
    for (size_t i = from; model->stays_in_words && i < text.length;
         i += announced_length(text, i)) {
        bool is = is_mark(text, i);
        if (is && !was_mark)
            return i;
        was_mark = is;
    }
    return text.length;
}

static bool encode_word(const struct sentencepiece_bpe *model, const struct vocabulary *v,
                        struct slice text, struct merger *merger, bool *was_unknown,
                        struct token_list *out, struct error *err)
{
    struct lookup lookup = { model, v, text };
    merger_clear(merger);
    if (!push_symbols(model, v, text, merger, err) || !merger_run(merger, find_join, &lookup, err))
        return false;
    bool ok = true;
    for (size_t i = 0; ok && i < merger->n_symbols; i++) {
        const struct symbol *symbol = &merger->symbols[i];
        if (symbol->length == 0)
            continue;
        if (symbol->id >= 0) {
            ok = token_list_push(out, symbol->id);
            *was_unknown = false;
        } else {
            struct slice spelled = { text.data + symbol->start, symbol->length };
            ok = spell(model, v, spelled, was_unknown, out);
        }
    }
    return ok || fail_memory(err, out->count * sizeof *out->ids, "token ids");
}

bool sentencepiece_bpe_encode(const struct sentencepiece_bpe *model, const struct vocabulary *v,
                              struct slice text, struct merger *merger, struct token_list *out,
                              struct error *err)
{
    bool was_unknown = false;
    for (size_t from = 0; from < text.length;) {
        size_t end = word_end(model, text, from);
        struct slice word = { text.data + from, end - from };
        if (!encode_word(model, v, word, merger, &was_unknown, out, err))
            return false;
        from = end;
    }
    return true;
}
