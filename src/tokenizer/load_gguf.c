#include "tokenizer/tokenizer.h"

#include "tokenizer/tokenizer_parts.h"

#include <stdio.h>
#include <strings.h>

static const char MODEL_KEY[] = "tokenizer.ggml.model";

static struct slice text_of(const struct gguf *gguf, const char *key)
{
    struct slice text = { "", 0 };
    const struct gguf_value *value = gguf_find(gguf, key);
    if (value && !gguf_as_string(value, &text))
        text = (struct slice){ "", 0 };
    return text;
}

static bool flag_of(const struct gguf *gguf, const char *key, bool fallback)
{
    bool flag;
    const struct gguf_value *value = gguf_find(gguf, key);
    return value && gguf_as_bool(value, 0, &flag) ? flag : fallback;
}

/* An array that goes with the tokens; NULL and true when the file has none. */
static bool array_of(const struct gguf *gguf, const char *key, size_t count,
                     const struct gguf_value **array, struct error *err)
{
    *array = gguf_find(gguf, key);
    if (!*array)
        return true;
    if ((*array)->type != GGUF_ARRAY)
        return fail(err, ERROR_FORMAT, "'%s': %s is no array", gguf_path(gguf), key);
    if ((*array)->count != count)
        return fail(err, ERROR_FORMAT, "'%s': %s has %" PRIu64 " entries for %zu tokens",
                    gguf_path(gguf), key, (*array)->count, count);
    return true;
}

static bool read_texts(struct vocabulary *v, const struct gguf *gguf,
                       const struct gguf_value *tokens, struct error *err)
{
    size_t state = 0;
    for (size_t i = 0; i < v->count; i++)
        if (!gguf_next_string(tokens, &state, &v->texts[i]))
            return fail(err, ERROR_FORMAT, "'%s': token %zu of %zu is missing", gguf_path(gguf), i,
                        v->count);
    return true;
}

static bool read_types(struct vocabulary *v, const struct gguf *gguf, struct error *err)
{
    const struct gguf_value *types;
    if (!array_of(gguf, "tokenizer.ggml.token_type", v->count, &types, err))
        return false;
    for (size_t i = 0; types && i < v->count; i++) {
        int64_t type;
        if (!gguf_as_int(types, i, &type))
            return fail(err, ERROR_FORMAT, "'%s': the type of token %zu is no integer",
                        gguf_path(gguf), i);
        v->types[i] =
            type >= TOKEN_UNDEFINED && type <= TOKEN_BYTE ? (uint8_t)type : TOKEN_UNDEFINED;
    }
    return true;
}

static bool read_scores(struct vocabulary *v, const struct gguf *gguf, struct error *err)
{
    const struct gguf_value *scores;
    if (!array_of(gguf, "tokenizer.ggml.scores", v->count, &scores, err))
        return false;
    for (size_t i = 0; scores && v->scores && i < v->count; i++) {
        double score;
        if (!gguf_as_double(scores, i, &score))
            return fail(err, ERROR_FORMAT, "'%s': the score of token %zu is no number",
                        gguf_path(gguf), i);
        v->scores[i] = (float)score;
    }
    return true;
}

static bool read_vocabulary(struct tokenizer *t, const struct gguf *gguf, bool has_scores,
                            struct error *err)
{
    const struct gguf_value *tokens = gguf_find(gguf, "tokenizer.ggml.tokens");
    if (!tokens || tokens->type != GGUF_ARRAY || tokens->element_type != GGUF_STRING)
        return fail(err, ERROR_FORMAT, "'%s' has no tokenizer.ggml.tokens", gguf_path(gguf));
    struct vocabulary *v = &t->vocabulary;
    if (tokens->count > MAX_VOCABULARY)
        return fail(err, ERROR_FORMAT, "'%s' has %" PRIu64 " tokens, at most %d are supported",
                    gguf_path(gguf), tokens->count, MAX_VOCABULARY);
    if (!vocabulary_init(v, (size_t)tokens->count, has_scores, err))
        return fail_while(err, "'%s'", gguf_path(gguf));
    if (!read_texts(v, gguf, tokens, err) || !read_types(v, gguf, err) ||
        !read_scores(v, gguf, err) || !vocabulary_index(v, gguf_path(gguf), err))
        return false;
    vocabulary_mark_controls(v);
    return true;
}

/* A special token's id; the fallback, where the vocabulary has it, when the file names none. */
static bool read_id(const struct tokenizer *t, const struct gguf *gguf, const char *name,
                    token_id fallback, token_id *id, struct error *err)
{
    char key[80];
    snprintf(key, sizeof key, "tokenizer.ggml.%s_token_id", name);
    const struct gguf_value *value = gguf_find(gguf, key);
    *id = vocabulary_has(&t->vocabulary, fallback) ? fallback : -1;
    if (!value)
        return true;
    int64_t number;
    if (!gguf_as_int(value, 0, &number))
        return fail(err, ERROR_FORMAT, "'%s': %s is no integer", gguf_path(gguf), key);
    if (number == -1 || number == UINT32_MAX) { /* how some converters write "none" */
        *id = -1;
        return true;
    }
    if (!vocabulary_has(&t->vocabulary, number))
        return fail(err, ERROR_FORMAT, "'%s': %s is %" PRId64 ", the vocabulary has %zu tokens",
                    gguf_path(gguf), key, number, t->vocabulary.count);
    *id = (token_id)number;
    return true;
}

/* What the kinds of vocabulary differ in where the file says nothing. */
struct kind {
    const char *model, *description;
    token_id bos, eos, unknown, separator;
    bool adds_bos, adds_eos, has_scores;
    bool (*finish)(struct tokenizer *t, const struct gguf *gguf, struct error *err);
};

static bool finish_llama(struct tokenizer *t, const struct gguf *gguf, struct error *err);
static bool finish_gpt2(struct tokenizer *t, const struct gguf *gguf, struct error *err);
static bool finish_bert(struct tokenizer *t, const struct gguf *gguf, struct error *err);
static bool finish_t5(struct tokenizer *t, const struct gguf *gguf, struct error *err);

static const struct kind kinds[] = {
    { "llama", "llama (SentencePiece BPE)", 1, 2, 0, -1, .adds_bos = true, .has_scores = true,
      .finish = finish_llama },
    { "gpt2", "gpt2 (byte-level BPE)", -1, -1, -1, -1, .finish = finish_gpt2 },
    { "gemma4", "gemma4 (BPE)", -1, -1, -1, -1, .finish = finish_gpt2 },
    { "bert", "bert (WordPiece)", 101, -1, 100, 102, .adds_bos = true, .finish = finish_bert },
    { "t5", "t5 (Unigram)", -1, 1, 2, -1, .adds_eos = true, .has_scores = true,
      .finish = finish_t5 },
};

/* Found in the text before anything else: control tokens where special ones are parsed,
 * user-defined ones always. */
static bool add_specials(struct tokenizer *t, const struct gguf *gguf, struct error *err)
{
    struct vocabulary *v = &t->vocabulary;
    struct slice name = text_of(gguf, "general.name");
    bool is_phi3 = false;
    for (size_t i = 0; i + 4 <= name.length; i++)
        is_phi3 = is_phi3 || strncasecmp(name.data + i, "phi3", 4) == 0 ||
                  (i + 5 <= name.length && strncasecmp(name.data + i, "phi-3", 5) == 0);
    struct slice pre = text_of(gguf, "tokenizer.ggml.pre");
    struct slice architecture = text_of(gguf, "general.architecture");
    bool strips_mask = slice_equal(pre, slice_of("jina-v2-de")) ||
                       slice_equal(pre, slice_of("jina-v2-es")) ||
                       slice_equal(pre, slice_of("jina-v2-code")) ||
                       slice_equal(architecture, slice_of("nomic-bert-moe")) ||
                       slice_equal(architecture, slice_of("jina-bert-v3"));
    t->added.by_length = true;
    for (size_t i = 0; i < v->count; i++) {
        uint8_t type = v->types[i];
        if (type != TOKEN_CONTROL && type != TOKEN_UNKNOWN && type != TOKEN_USER_DEFINED)
            continue;
        struct slice text = v->texts[i];
        /* The format has no place for white space that a token swallows: it goes by the model's
         * name. */
        bool is_plain = slice_equal(text, slice_of("<unk>")) ||
                        slice_equal(text, slice_of("<s>")) ||
                        slice_equal(text, slice_of("<|endoftext|>"));
        struct added_token token = { .text = text,
                                     .id = (token_id)i,
                                     .is_special = type != TOKEN_USER_DEFINED,
                                     .strips_right = is_phi3 && !is_plain,
                                     .strips_left =
                                         strips_mask && slice_equal(text, slice_of("<mask>")) };
        if (!added_tokens_add(&t->added, token, err))
            return fail_while(err, "'%s'", gguf_path(gguf));
    }
    added_tokens_finish(&t->added);
    return true;
}

static void find_ends(struct tokenizer *t, token_id eot, token_id eom)
{
    const token_id ids[] = { t->eos, eot, eom };
    vocabulary_find_ends(&t->vocabulary);
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        if (ids[i] >= 0)
            t->vocabulary.is_end[ids[i]] = true;
}

/* A vocabulary that wants a token around texts which it does not have is an error. */
static bool put_around(struct tokenizer *t, const struct gguf *gguf, const char *name, token_id id,
                       bool is_after, struct error *err)
{
    if (id < 0)
        return fail(err, ERROR_FORMAT,
                    "'%s' wants tokenizer.ggml.%s_token_id around texts and has none",
                    gguf_path(gguf), name);
    return is_after ? tokenizer_put_after(t, id, err) : tokenizer_put_before(t, id, err);
}

static bool read_affixes(struct tokenizer *t, const struct gguf *gguf, const struct kind *kind,
                         const struct named_pretokenizer *named, struct error *err)
{
    token_id separator, eot, eom, cls;
    /* "seperator" is how the format spells it. */
    if (!read_id(t, gguf, "bos", kind->bos, &t->bos, err) ||
        !read_id(t, gguf, "eos", kind->eos, &t->eos, err) ||
        !read_id(t, gguf, "eot", -1, &eot, err) || !read_id(t, gguf, "eom", -1, &eom, err) ||
        !read_id(t, gguf, "cls", -1, &cls, err) ||
        !read_id(t, gguf, "seperator", kind->separator, &separator, err))
        return false;
    find_ends(t, eot, eom);
    bool is_bert = kind->finish == finish_bert; /* its two are not optional */
    if (is_bert && t->bos < 0)
        t->bos = cls;
    bool adds_bos =
        flag_of(gguf, "tokenizer.ggml.add_bos_token", kind->adds_bos || (named && named->adds_bos));
    bool adds_eos = flag_of(gguf, "tokenizer.ggml.add_eos_token", kind->adds_eos);
    if ((adds_bos || is_bert) && !put_around(t, gguf, "bos", t->bos, false, err))
        return false;
    if (is_bert)
        return put_around(t, gguf, "seperator", separator, true, err);
    return !adds_eos || put_around(t, gguf, "eos", t->eos, true, err);
}

/* Each under the name it has now and the one it had before. */
static bool read_fill(struct tokenizer *t, const struct gguf *gguf, struct error *err)
{
    struct fill_tokens *f = &t->declared_fill;
    const struct {
        const char *name, *old_name;
        token_id *id;
    } rows[] = {
        { "fim_pre", "prefix", &f->prefix },
        { "fim_suf", "suffix", &f->suffix },
        { "fim_mid", "middle", &f->middle },
        { "fim_sep", "fsep", &f->separator },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (!read_id(t, gguf, rows[i].old_name, -1, rows[i].id, err) ||
            !read_id(t, gguf, rows[i].name, *rows[i].id, rows[i].id, err))
            return false;
    return true;
}

static void escape_decoder(struct decoder *d)
{
    d->replacements[0].from = slice_of("\xe2\x96\x81");
    d->replacements[0].to = slice_of(" ");
    d->n_replacements = 1;
    d->has_bytes = true;
}

static bool finish_llama(struct tokenizer *t, const struct gguf *gguf, struct error *err)
{
    t->model = MODEL_SENTENCEPIECE_BPE;
    t->preparation = PREPARE_ESCAPED;
    t->prefixes_space = flag_of(gguf, "tokenizer.ggml.add_space_prefix", true);
    t->sentencepiece_bpe.joins_any_type = true;
    t->sentencepiece_bpe.has_byte_fallback = true;
    sentencepiece_bpe_finish(&t->sentencepiece_bpe, &t->vocabulary);
    escape_decoder(&t->decoder);
    t->decoder.strips_space = t->prefixes_space;
    return read_id(t, gguf, "unknown", 0, &t->sentencepiece_bpe.unknown, err);
}

static const struct named_pretokenizer *named_of(const struct gguf *gguf)
{
    struct slice name = text_of(gguf, "tokenizer.ggml.pre");
    if (slice_equal(text_of(gguf, MODEL_KEY), slice_of("gemma4")))
        name = slice_of("gemma4");
    /* Files from before the key existed. */
    return pretokenizer_named(name.length ? name : slice_of("default"));
}

static bool read_merges(struct tokenizer *t, const struct gguf *gguf, enum bpe_alphabet alphabet,
                        struct error *err)
{
    const struct gguf_value *merges = gguf_find(gguf, "tokenizer.ggml.merges");
    if (!merges || merges->type != GGUF_ARRAY || merges->element_type != GGUF_STRING)
        return fail(err, ERROR_FORMAT, "'%s' has no tokenizer.ggml.merges", gguf_path(gguf));
    if (!bpe_init(&t->bpe, alphabet, &t->vocabulary, (size_t)merges->count, err))
        return fail_while(err, "'%s'", gguf_path(gguf));
    size_t state = 0;
    struct slice line;
    struct merge_batch batch;
    merge_batch_init(&batch, &t->bpe, &t->vocabulary, gguf_path(gguf));
    while (gguf_next_string(merges, &state, &line))
        if (!merge_batch_add_line(&batch, line, err))
            return false;
    return merge_batch_flush(&batch, err);
}

static bool finish_gpt2(struct tokenizer *t, const struct gguf *gguf, struct error *err)
{
    const struct named_pretokenizer *named = named_of(gguf);
    t->model = MODEL_BPE;
    t->preparation = PREPARE_LENIENT;
    t->escapes_spaces = named->is_raw;
    if (!read_merges(t, gguf, named->is_raw ? BPE_CHARACTERS : BPE_BYTE_LEVEL, err))
        return false;
    t->bpe.ignores_merges = named->ignores_merges;
    t->bpe.joins_lines = named->is_raw;
    t->bpe.has_byte_fallback = named->is_raw;
    if (named->is_raw)
        escape_decoder(&t->decoder);
    t->decoder.is_byte_level = !named->is_raw;
    t->decoder.has_bytes = true;
    t->decoder.cleans_spaces = !named->keeps_spaces;
    return pretokenizer_add_named(&t->pretokenizer, named, err);
}

static bool finish_bert(struct tokenizer *t, const struct gguf *gguf, struct error *err)
{
    t->model = MODEL_WORDPIECE;
    t->preparation = PREPARE_WORDS;
    t->lowers = flag_of(gguf, "tokenizer.ggml.normalizer.lowercase", true);
    t->strips_accents = flag_of(gguf, "tokenizer.ggml.normalizer.strip_accents", t->lowers);
    escape_decoder(&t->decoder);
    t->decoder.has_bytes = false;
    t->decoder.cleans_spaces = true;
    return wordpiece_init(&t->wordpiece, &t->vocabulary, (struct slice){ "", 0 }, gguf_path(gguf),
                          err) &&
           read_id(t, gguf, "unknown", 100, &t->wordpiece.unknown, err) &&
           pretokenizer_split_literal(&t->pretokenizer, slice_of(" "), SPLIT_REMOVED, false, err);
}

static bool read_charsmap(const struct gguf *gguf, struct charsmap *map, struct error *err)
{
    const char *key = "tokenizer.ggml.precompiled_charsmap";
    const struct gguf_value *value = gguf_find(gguf, key);
    *map = (struct charsmap){ 0 };
    if (!value)
        return true;
    if (value->type != GGUF_ARRAY ||
        (value->element_type != GGUF_U8 && value->element_type != GGUF_I8))
        return fail(err, ERROR_FORMAT, "'%s': %s is no array of bytes", gguf_path(gguf), key);
    struct slice bytes = { (const char *)value->bytes, (size_t)value->count };
    return charsmap_open(map, bytes, gguf_path(gguf), err);
}

static bool finish_t5(struct tokenizer *t, const struct gguf *gguf, struct error *err)
{
    struct unigram_options options = { .user_defined = USER_DEFINED_ZERO };
    struct normalizer_step step = {
        .kind = NORMALIZE_SENTENCEPIECE,
        .escapes = flag_of(gguf, "tokenizer.ggml.escape_whitespaces", true),
        .adds_prefix = flag_of(gguf, "tokenizer.ggml.add_space_prefix", false),
        .removes_extra = flag_of(gguf, "tokenizer.ggml.remove_extra_whitespaces", false),
    };
    t->model = MODEL_UNIGRAM;
    escape_decoder(&t->decoder);
    t->decoder.strips_space = step.adds_prefix;
    if (step.removes_extra) /* then each word is prefixed, also the first */
        step.adds_prefix = true;
    return read_charsmap(gguf, &step.charsmap, err) && normalizer_add(&t->normalizer, step, err) &&
           read_id(t, gguf, "unknown", 2, &options.unknown, err) &&
           unigram_init(&t->unigram, &t->vocabulary, options, gguf_path(gguf), err);
}

static bool load(struct tokenizer *t, const struct gguf *gguf, struct error *err)
{
    struct slice model = text_of(gguf, MODEL_KEY), pre = text_of(gguf, "tokenizer.ggml.pre");
    if (model.length == 0)
        return fail(err, ERROR_FORMAT, "'%s' has no tokenizer (%s)", gguf_path(gguf), MODEL_KEY);
    const struct kind *kind = NULL;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (slice_equal(model, slice_of(kinds[i].model)))
            kind = &kinds[i];
    if (!kind)
        return fail(err, ERROR_UNSUPPORTED, "'%s': the tokenizer '%s' is not supported",
                    gguf_path(gguf), printable(model));
    bool is_bpe = kind->finish == finish_gpt2;
    const struct named_pretokenizer *named = is_bpe ? named_of(gguf) : NULL;
    if (is_bpe && !named)
        return fail(err, ERROR_UNSUPPORTED, "'%s': the pre-tokenizer '%s' is not known",
                    gguf_path(gguf), printable(pre));
    t->kind = is_bpe ? arena_printf(t->arena, "%s (%s, %s)", kind->model,
                                    named->is_raw ? "BPE" : "byte-level BPE",
                                    pre.length ? printable(pre) : "default")
                     : kind->description;
    if (!t->kind)
        return fail_memory(err, 100, "a tokenizer");
    t->decoder.writes_special_raw = true;
    t->decoder.hides_other_types = true;
    t->decoder.hides_unknown = true;
    return read_vocabulary(t, gguf, kind->has_scores, err) && kind->finish(t, gguf, err) &&
           read_affixes(t, gguf, kind, named, err) && read_fill(t, gguf, err) &&
           add_specials(t, gguf, err);
}

bool tokenizer_from_gguf(struct tokenizer **out, const struct gguf *gguf, struct error *err)
{
    *out = tokenizer_new(err);
    if (!*out)
        return false;
    if (!load(*out, gguf, err))
        tokenizer_close(out);
    return *out != NULL;
}
