#include "base/cursor.h"
#include "tokenizer/tokenizer_parts.h"

/* SentencePiece's tokenizer.model: a protocol buffer (source: sentencepiece_model.proto). Field
 * numbers: */
enum {
    MODEL_PIECES = 1,
    MODEL_TRAINER = 2,
    MODEL_NORMALIZER = 3,
    PIECE_TEXT = 1,
    PIECE_SCORE = 2,
    PIECE_TYPE = 3,
    TRAINER_TYPE = 3,
    TRAINER_WHITE_SPACE_AS_SUFFIX = 24,
    TRAINER_BYTE_FALLBACK = 35,
    TRAINER_UNKNOWN = 40,
    TRAINER_BOS = 41,
    TRAINER_EOS = 42,
    TRAINER_UNKNOWN_SURFACE = 44,
    NORMALIZER_CHARSMAP = 2,
    NORMALIZER_ADDS_PREFIX = 3,
    NORMALIZER_REMOVES_EXTRA = 4,
    NORMALIZER_ESCAPES = 5,
};
enum { TYPE_UNIGRAM = 1, TYPE_BPE = 2 }; /* trainer_spec.model_type */
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

/* One field of a message: a number, or bytes in place. */
struct field {
    uint32_t number, wire;
    uint64_t value;
    struct slice bytes;
};

static bool read_varint(struct cursor *c, uint64_t *value, struct error *err)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;
        if (!cursor_u8(c, &byte, err))
            return false;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return fail(err, ERROR_FORMAT, "'%s': a number at offset %zu has more than 10 bytes", c->what,
                c->offset);
}

static bool read_field(struct cursor *c, struct field *field, struct error *err)
{
    uint64_t key, length;
    uint32_t word;
    const uint8_t *bytes;
    *field = (struct field){ .bytes = { "", 0 } };
    if (!read_varint(c, &key, err))
        return false;
    field->number = (uint32_t)(key >> 3);
    field->wire = key & 7;
    switch (field->wire) {
    case WIRE_VARINT:
        return read_varint(c, &field->value, err);
    case WIRE_64:
        return cursor_u64(c, &field->value, err);
    case WIRE_32:
        if (!cursor_u32(c, &word, err))
            return false;
        field->value = word;
        return true;
    case WIRE_BYTES:
        if (!read_varint(c, &length, err) || !cursor_bytes(c, length, &bytes, err))
            return false;
        field->bytes = (struct slice){ (const char *)bytes, (size_t)length };
        return true;
    default:
        return fail(err, ERROR_FORMAT, "'%s': wire type %u at offset %zu, which does not exist",
                    c->what, field->wire, c->offset);
    }
}

static struct cursor cursor_in(const struct field *field, const char *name)
{
    return cursor_over(field->bytes.data, field->bytes.length, name);
}

/* The two specifications that go with the pieces; defaults are those of the format. */
struct specification {
    uint64_t type;
    bool has_byte_fallback, space_is_suffix;
    int64_t unknown, bos, eos;
    struct slice unknown_surface, charsmap;
    bool adds_prefix, removes_extra, escapes;
};

static bool read_trainer(struct specification *s, struct cursor c, struct error *err)
{
    struct field f;
    while (cursor_left(&c)) {
        if (!read_field(&c, &f, err))
            return false;
        switch (f.number) {
        case TRAINER_TYPE:
            s->type = f.value;
            break;
        case TRAINER_WHITE_SPACE_AS_SUFFIX:
            s->space_is_suffix = f.value != 0;
            break;
        case TRAINER_BYTE_FALLBACK:
            s->has_byte_fallback = f.value != 0;
            break;
        case TRAINER_UNKNOWN:
            s->unknown = (int64_t)f.value;
            break;
        case TRAINER_BOS:
            s->bos = (int64_t)f.value;
            break;
        case TRAINER_EOS:
            s->eos = (int64_t)f.value;
            break;
        case TRAINER_UNKNOWN_SURFACE:
            s->unknown_surface = f.bytes;
            break;
        }
    }
    return true;
}

static bool read_normalizer(struct specification *s, struct cursor c, struct error *err)
{
    struct field f;
    while (cursor_left(&c)) {
        if (!read_field(&c, &f, err))
            return false;
        switch (f.number) {
        case NORMALIZER_CHARSMAP:
            s->charsmap = f.bytes;
            break;
        case NORMALIZER_ADDS_PREFIX:
            s->adds_prefix = f.value != 0;
            break;
        case NORMALIZER_REMOVES_EXTRA:
            s->removes_extra = f.value != 0;
            break;
        case NORMALIZER_ESCAPES:
            s->escapes = f.value != 0;
            break;
        }
    }
    return true;
}

static bool read_piece(struct vocabulary *v, size_t i, struct cursor c, struct error *err)
{
    struct field f;
    while (cursor_left(&c)) {
        if (!read_field(&c, &f, err))
            return false;
        if (f.number == PIECE_TEXT && f.wire == WIRE_BYTES) {
            v->texts[i] = f.bytes;
        } else if (f.number == PIECE_SCORE && f.wire == WIRE_32) {
            uint32_t bits = (uint32_t)f.value;
            memcpy(&v->scores[i], &bits, sizeof bits);
        } else if (f.number == PIECE_TYPE) {
            v->types[i] = f.value <= TOKEN_BYTE ? (uint8_t)f.value : TOKEN_UNDEFINED;
        }
    }
    return true;
}

/* First pass: how many pieces, and what the specifications say. */
static bool read_outline(struct cursor c, size_t *n_pieces, struct specification *s,
                         struct error *err)
{
    struct field f;
    *n_pieces = 0;
    while (cursor_left(&c)) {
        if (!read_field(&c, &f, err))
            return false;
        bool ok = true;
        if (f.number == MODEL_PIECES)
            ++*n_pieces;
        else if (f.number == MODEL_TRAINER)
            ok = read_trainer(s, cursor_in(&f, c.what), err);
        else if (f.number == MODEL_NORMALIZER)
            ok = read_normalizer(s, cursor_in(&f, c.what), err);
        if (!ok)
            return false;
    }
    return true;
}

static bool read_pieces(struct vocabulary *v, struct cursor c, struct error *err)
{
    struct field f;
    size_t i = 0;
    while (cursor_left(&c)) {
        if (!read_field(&c, &f, err))
            return false;
        if (f.number == MODEL_PIECES && !read_piece(v, i++, cursor_in(&f, c.what), err))
            return false;
    }
    return true;
}

static bool check_id(const struct tokenizer *t, int64_t id, const char *what, const char *name,
                     token_id *out, struct error *err)
{
    *out = -1;
    if ((int32_t)id < 0) /* -1: the model has none */
        return true;
    if (!vocabulary_has(&t->vocabulary, id))
        return fail(err, ERROR_FORMAT, "'%s': %s is %" PRId64 ", the vocabulary has %zu tokens",
                    name, what, id, t->vocabulary.count);
    *out = (token_id)id;
    return true;
}

static bool add_specials(struct tokenizer *t, struct error *err)
{
    const struct vocabulary *v = &t->vocabulary;
    t->added.by_length = true;
    for (size_t i = 0; i < v->count; i++) {
        struct added_token token = { .text = v->texts[i], .id = (token_id)i, .is_special = true };
        if (v->types[i] == TOKEN_CONTROL && !added_tokens_add(&t->added, token, err))
            return false;
        if (v->types[i] == TOKEN_USER_DEFINED && token.text.length &&
            !trie_add(&t->sentencepiece_bpe.user_defined, token.text, (int32_t)i))
            return fail_memory(err, token.text.length * 16, "user-defined tokens");
    }
    added_tokens_finish(&t->added);
    return true;
}

static bool set_model(struct tokenizer *t, const struct specification *s, token_id unknown,
                      const char *name, struct error *err)
{
    if (s->type == TYPE_BPE) {
        t->kind = "tokenizer.model (SentencePiece BPE)";
        t->model = MODEL_SENTENCEPIECE_BPE;
        t->sentencepiece_bpe.has_byte_fallback = s->has_byte_fallback;
        t->sentencepiece_bpe.unknown = unknown;
        sentencepiece_bpe_finish(&t->sentencepiece_bpe, &t->vocabulary);
        return true;
    }
    if (s->type != TYPE_UNIGRAM)
        return fail(err, ERROR_UNSUPPORTED,
                    "'%s': model type %" PRIu64 " is neither Unigram (1) nor BPE (2)", name,
                    s->type);
    struct unigram_options options = { .unknown = unknown,
                                       .has_byte_fallback = s->has_byte_fallback,
                                       .is_single = true,
                                       .user_defined = USER_DEFINED_BY_LENGTH };
    t->kind = "tokenizer.model (SentencePiece Unigram)";
    t->model = MODEL_UNIGRAM;
    return unigram_init(&t->unigram, &t->vocabulary, options, name, err);
}

static bool add_normalizer(struct tokenizer *t, const struct specification *s, const char *name,
                           struct error *err)
{
    struct normalizer_step step = { .kind = NORMALIZE_SENTENCEPIECE,
                                    .adds_prefix = s->adds_prefix,
                                    .removes_extra = s->removes_extra,
                                    .escapes = s->escapes,
                                    .user_defined = &t->sentencepiece_bpe.user_defined };
    if (s->space_is_suffix)
        return fail(err, ERROR_UNSUPPORTED, "'%s': white space as a suffix is not supported", name);
    return charsmap_open(&step.charsmap, s->charsmap, name, err) &&
           normalizer_add(&t->normalizer, step, err);
}

static void set_decoder(struct tokenizer *t, const struct specification *s)
{
    struct decoder *d = &t->decoder;
    d->replacements[0].from = slice_of("\xe2\x96\x81");
    d->replacements[0].to = slice_of(" ");
    d->n_replacements = 1;
    d->has_bytes = d->repairs = true;
    d->strips_space = s->adds_prefix;
    d->unknown_text = s->unknown_surface;
}

/* The file does not say what stands around a text. Models of the Llama family (BPE) begin with BOS,
 * those of T5's (Unigram) end with EOS, unless tokenizer_config.json says otherwise. */
static bool set_affixes(struct tokenizer *t, const struct specification *s,
                        const struct json *config, struct error *err)
{
    bool is_bpe = s->type == TYPE_BPE;
    if (t->bos >= 0 && json_flag(json_get(config, "add_bos_token"), is_bpe) &&
        !tokenizer_put_before(t, t->bos, err))
        return false;
    return t->eos < 0 || !json_flag(json_get(config, "add_eos_token"), !is_bpe) ||
           tokenizer_put_after(t, t->eos, err);
}

static bool load(struct tokenizer *t, const char *name, const struct json *config,
                 struct error *err)
{
    struct specification s = { .type = TYPE_UNIGRAM,
                               .bos = 1,
                               .eos = 2,
                               .unknown_surface = slice_of(" \xe2\x81\x87 "),
                               .charsmap = { "", 0 },
                               .adds_prefix = true,
                               .removes_extra = true,
                               .escapes = true };
    struct cursor c = cursor_over(t->file->data, t->file->size, name);
    size_t n_pieces;
    token_id unknown;
    if (!read_outline(c, &n_pieces, &s, err))
        return fail_while(err, "reading a SentencePiece model");
    if (!vocabulary_init(&t->vocabulary, n_pieces, true, err))
        return fail_while(err, "'%s'", name);
    if (!read_pieces(&t->vocabulary, c, err) || !vocabulary_index(&t->vocabulary, name, err) ||
        !check_id(t, s.unknown, "unk_id", name, &unknown, err) ||
        !check_id(t, s.bos, "bos_id", name, &t->bos, err) ||
        !check_id(t, s.eos, "eos_id", name, &t->eos, err))
        return false;
    vocabulary_find_ends(&t->vocabulary);
    if (t->eos >= 0)
        t->vocabulary.is_end[t->eos] = true;
    t->repairs_text = false; /* the normalizer does, one U+FFFD per byte */
    set_decoder(t, &s);
    return add_specials(t, err) && add_normalizer(t, &s, name, err) &&
           set_model(t, &s, unknown, name, err) && set_affixes(t, &s, config, err);
}

bool load_sentencepiece(struct tokenizer **out, const char *path, struct error *err)
{
    const struct json *config = NULL;
    *out = tokenizer_new(err);
    if (!*out)
        return false;
    bool ok = mapped_file_open(&(*out)->file, path, err) &&
              open_config_beside(&config, path, err) && load(*out, path, config, err);
    if (config)
        json_close(&config);
    if (!ok)
        tokenizer_close(out);
    return ok;
}
