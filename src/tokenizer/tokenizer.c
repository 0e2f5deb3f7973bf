#include "tokenizer/tokenizer.h"

#include "base/interruption.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "tokenizer/tokenizer_parts.h"
#include "tokenizer/unicode_text.h"

static const size_t ARENA_LIMIT_BYTES = (size_t)2 << 30;

struct tokenizer *tokenizer_new(struct error *err)
{
    struct tokenizer *t = memory_zeroed(1, sizeof *t);
    if (t)
        t->arena = arena_new(ARENA_LIMIT_BYTES);
    if (!t || !t->arena) {
        memory_free(t);
        fail_memory(err, sizeof *t, "a tokenizer");
        return NULL;
    }
    t->bos = t->eos = -1;
    t->declared_fill = (struct fill_tokens){ -1, -1, -1, -1, false };
    return t;
}

void tokenizer_close(struct tokenizer **tokenizer)
{
    struct tokenizer *t = *tokenizer;
    if (!t)
        return;
    wordpiece_release(&t->wordpiece);
    unigram_release(&t->unigram);
    sentencepiece_bpe_release(&t->sentencepiece_bpe);
    bpe_release(&t->bpe);
    pretokenizer_release(&t->pretokenizer);
    normalizer_release(&t->normalizer);
    added_tokens_release(&t->added);
    vocabulary_release(&t->vocabulary);
    mapped_file_close(&t->file);
    gguf_close(&t->gguf);
    arena_free(&t->arena);
    memory_free(t);
    *tokenizer = NULL;
}

bool tokenizer_put_before(struct tokenizer *t, token_id id, struct error *err)
{
    if (t->n_before == MAX_AFFIXES)
        return fail(err, ERROR_UNSUPPORTED, "more than %d tokens in front of a text", MAX_AFFIXES);
    t->before[t->n_before++] = id;
    return true;
}

bool tokenizer_put_after(struct tokenizer *t, token_id id, struct error *err)
{
    if (t->n_after == MAX_AFFIXES)
        return fail(err, ERROR_UNSUPPORTED, "more than %d tokens behind a text", MAX_AFFIXES);
    t->after[t->n_after++] = id;
    return true;
}

void token_list_release(struct token_list *list)
{
    memory_free(list->ids);
    *list = (struct token_list){ 0 };
}

bool token_list_push(struct token_list *list, token_id id)
{
    if (list->count == list->capacity) {
        size_t capacity = size_max(64, list->capacity + list->capacity / 2);
        token_id *larger = memory_resize(list->ids, capacity * sizeof *larger);
        if (!larger)
            return false;
        list->ids = larger;
        list->capacity = capacity;
    }
    list->ids[list->count++] = id;
    return true;
}

/* Everything that one call of tokenizer_encode works with. */
struct encoding {
    const struct tokenizer *t;
    struct encode_options options;
    struct token_list *out;
    struct text repaired, prepared, normalized, spare, scratch;
    struct fragments fragments, inner;
    struct pieces pieces, spare_pieces;
    struct matcher matcher;
    struct merger merger;
};

static void encoding_init(struct encoding *e, const struct tokenizer *t,
                          struct encode_options options, struct token_list *out)
{
    *e = (struct encoding){ .t = t, .options = options, .out = out };
    text_init(&e->repaired, SIZE_MAX / 2);
    text_init(&e->prepared, SIZE_MAX / 2);
    text_init(&e->scratch, SIZE_MAX / 2);
}

static void encoding_release(struct encoding *e)
{
    text_release(&e->repaired);
    text_release(&e->prepared);
    text_release(&e->normalized);
    text_release(&e->spare);
    text_release(&e->scratch);
    fragments_release(&e->fragments);
    fragments_release(&e->inner);
    pieces_release(&e->pieces);
    pieces_release(&e->spare_pieces);
    matcher_release(&e->matcher);
    merger_release(&e->merger);
}

static bool push(struct encoding *e, token_id id, struct error *err)
{
    return token_list_push(e->out, id) ||
           fail_memory(err, e->out->count * sizeof *e->out->ids, "token ids");
}

static bool encode_piece(struct encoding *e, struct slice piece, struct error *err)
{
    const struct tokenizer *t = e->t;
    switch (t->model) {
    case MODEL_BPE:
        return bpe_encode(&t->bpe, &t->vocabulary, piece, &e->merger, &e->scratch, e->out, err);
    case MODEL_SENTENCEPIECE_BPE:
        return sentencepiece_bpe_encode(&t->sentencepiece_bpe, &t->vocabulary, piece, &e->merger,
                                        e->out, err);
    case MODEL_UNIGRAM:
        return unigram_encode(&t->unigram, &t->vocabulary, piece, e->out, err);
    case MODEL_WORDPIECE:
        return wordpiece_encode(&t->wordpiece, piece, &e->scratch, e->out, err);
    }
    return false;
}

static bool encode_normalized(struct encoding *e, struct slice text, bool is_first,
                              struct error *err)
{
    if (text.length == 0)
        return true;
    if (e->t->pretokenizer.n_steps == 0)
        return encode_piece(e, text, err);
    if (!pretokenizer_run(&e->t->pretokenizer, text, is_first, &e->pieces, &e->spare_pieces,
                          &e->matcher, err))
        return false;
    for (size_t i = 0; i < e->pieces.count; i++) {
        const struct piece *piece = &e->pieces.items[i];
        struct slice bytes = { e->pieces.text.data + piece->offset, piece->length };
        if (!interruption_check(err) || !encode_piece(e, bytes, err))
            return false;
    }
    return true;
}

static bool escape_spaces(struct text *out, struct slice text)
{
    bool ok = true;
    for (size_t i = 0; ok && i < text.length; i++)
        ok = text.data[i] == ' ' ? text_append_string(out, "\xe2\x96\x81")
                                 : text_append_byte(out, text.data[i]);
    return ok;
}

/* `text` as the steps after want it, in e->prepared; or itself where nothing is to be done. */
static bool prepare(struct encoding *e, struct slice text, bool after_special, struct slice *out,
                    struct error *err)
{
    const struct tokenizer *t = e->t;
    bool ok = true;
    text_clear(&e->prepared);
    text_clear(&e->scratch);
    switch (t->preparation) {
    case PREPARE_NOTHING:
        *out = text;
        return true;
    case PREPARE_LENIENT:
        ok = append_lenient(t->escapes_spaces ? &e->scratch : &e->prepared, text) &&
             (!t->escapes_spaces || escape_spaces(&e->prepared, text_slice(&e->scratch)));
        break;
    case PREPARE_ESCAPED:
        ok = (!t->prefixes_space || !after_special || escape_spaces(&e->prepared, slice_of(" "))) &&
             escape_spaces(&e->prepared, text);
        break;
    case PREPARE_WORDS:
        ok = append_lenient(&e->scratch, text) &&
             wordpiece_normalize(&e->prepared, text_slice(&e->scratch), t->lowers,
                                 t->strips_accents);
        break;
    }
    *out = text_slice(&e->prepared);
    return ok || fail_memory(err, text.length * 3, "a text");
}

/* One fragment of text between special tokens: normalized, searched for tokens that are looked for
 * only then, encoded. */
static bool encode_fragment(struct encoding *e, struct slice text, bool is_first,
                            bool after_special, bool parse_special, struct error *err)
{
    const struct tokenizer *t = e->t;
    bool is_continued = is_first && e->options.is_continued;
    if (!interruption_check(err) || !prepare(e, text, after_special, &text, err))
        return false;
    is_first = is_first && !is_continued;
    if (t->normalizer.n_steps) {
        if (!normalizer_run(&t->normalizer, text, is_continued, &e->normalized, &e->spare,
                            &e->matcher, err))
            return false;
        text = text_slice(&e->normalized);
    }
    if (t->added.normalized.n_nodes == 0)
        return encode_normalized(e, text, is_first, err);
    struct added_search search = { .parse_special = parse_special, .normalized = true };
    if (!added_tokens_find(&t->added, text, &search, &e->inner, err))
        return false;
    for (size_t i = 0; i < e->inner.count; i++) {
        struct fragment f = e->inner.items[i];
        struct slice part = { text.data + f.offset, f.length };
        bool ok = f.id >= 0 ? push(e, f.id, err)
                            : encode_normalized(e, part, is_first && f.offset == 0, err);
        if (!ok)
            return false;
    }
    return true;
}

/* In normalized text nobody knows any more where a barrier was: no special token is looked for in
 * what had one. */
static bool has_barrier(const struct encode_options *o, struct fragment f)
{
    for (size_t i = 0; i < o->n_barriers; i++)
        if (o->barriers[i] > f.offset && o->barriers[i] < f.offset + f.length)
            return true;
    return false;
}

static bool encode_text(struct encoding *e, struct slice text, struct error *err)
{
    const struct encode_options *o = &e->options;
    if (o->n_barriers && !utf8_valid((const uint8_t *)text.data, text.length))
        return fail(err, ERROR_FORMAT, "a text with barriers is not UTF-8");
    if (e->t->repairs_text) {
        if (!append_repaired(&e->repaired, text))
            return fail_memory(err, text.length, "a text");
        text = text_slice(&e->repaired);
    }
    struct added_search search = { .parse_special = o->parse_special,
                                   .barriers = o->barriers,
                                   .n_barriers = o->n_barriers };
    if (!added_tokens_find(&e->t->added, text, &search, &e->fragments, err))
        return false;
    bool after_special = !e->options.is_continued;
    for (size_t i = 0; i < e->fragments.count; i++) {
        struct fragment f = e->fragments.items[i];
        struct slice part = { text.data + f.offset, f.length };
        bool ok = f.id >= 0 ? push(e, f.id, err)
                            : encode_fragment(e, part, f.offset == 0, after_special,
                                              o->parse_special && !has_barrier(o, f), err);
        if (!ok)
            return false;
        after_special = f.id >= 0;
    }
    return true;
}

bool tokenizer_encode(const struct tokenizer *t, struct slice text, struct encode_options options,
                      struct token_list *out, struct error *err)
{
    struct encoding e;
    encoding_init(&e, t, options, out);
    size_t count_before = out->count;
    bool ok = true;
    for (size_t i = 0; ok && options.add_special && i < t->n_before; i++)
        ok = push(&e, t->before[i], err);
    ok = ok && encode_text(&e, text, err);
    for (size_t i = 0; ok && options.add_special && i < t->n_after; i++)
        ok = push(&e, t->after[i], err);
    if (!ok)
        out->count = count_before;
    encoding_release(&e);
    return ok;
}

bool tokenizer_find_special(const struct tokenizer *t, struct slice text, size_t from,
                            size_t *begin, size_t *end)
{
    const struct trie *tries[] = { &t->added.plain, &t->added.normalized };
    for (size_t i = from; i < text.length; i++)
        for (size_t j = 0; j < COUNT_OF(tries); j++) {
            uint32_t node = TRIE_ROOT;
            *end = 0;
            for (size_t k = i; k < text.length && tries[j]->n_nodes; k++) {
                node = trie_step(tries[j], node, (uint8_t)text.data[k]);
                if (node == TRIE_ROOT)
                    break;
                int32_t index = tries[j]->values[node];
                if (index >= 0 && t->added.items[index].is_special)
                    *end = k + 1;
            }
            *begin = i;
            if (*end)
                return true;
        }
    return false;
}

size_t tokenizer_size(const struct tokenizer *t)
{
    return t->vocabulary.count;
}

const char *tokenizer_kind(const struct tokenizer *t)
{
    return t->kind;
}

token_id tokenizer_bos(const struct tokenizer *t)
{
    return t->bos;
}

token_id tokenizer_eos(const struct tokenizer *t)
{
    return t->eos;
}

bool tokenizer_adds_bos(const struct tokenizer *t)
{
    return t->n_before > 0 && t->bos >= 0 && t->before[0] == t->bos;
}

bool tokenizer_is_end(const struct tokenizer *t, token_id id)
{
    return vocabulary_has(&t->vocabulary, id) && t->vocabulary.is_end[id];
}

bool tokenizer_is_special(const struct tokenizer *t, token_id id)
{
    return vocabulary_has(&t->vocabulary, id) && t->vocabulary.types[id] == TOKEN_CONTROL;
}

struct slice tokenizer_token_text(const struct tokenizer *t, token_id id)
{
    if (!vocabulary_has(&t->vocabulary, id))
        return (struct slice){ "", 0 };
    return t->vocabulary.texts[id];
}

token_id tokenizer_find(const struct tokenizer *t, struct slice text)
{
    return vocabulary_find(&t->vocabulary, text);
}

bool tokenizer_add_end(struct tokenizer *t, token_id id)
{
    if (!vocabulary_has(&t->vocabulary, id))
        return false;
    t->vocabulary.is_end[id] = true;
    return true;
}
