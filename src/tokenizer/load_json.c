#include "tokenizer/tokenizer.h"

#include "base/json.h"
#include "base/memory.h"
#include "tokenizer/json_steps.h"
#include "tokenizer/tokenizer_parts.h"

static const char MODEL_BPE_NAME[] = "BPE";
static const char MODEL_UNIGRAM_NAME[] = "Unigram";
static const char MODEL_WORDPIECE_NAME[] = "WordPiece";

/* Files from before models had a type. */
static struct slice model_type(const struct json *model)
{
    const struct json *type = json_get(model, "type");
    if (json_kind(type) == JSON_KIND_STRING)
        return json_text(type);
    if (json_get(model, "merges"))
        return slice_of(MODEL_BPE_NAME);
    if (json_kind(json_get(model, "vocab")) == JSON_KIND_ARRAY)
        return slice_of(MODEL_UNIGRAM_NAME);
    return slice_of(json_get(model, "max_input_chars_per_word") ? MODEL_WORDPIECE_NAME : "");
}

static int64_t largest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Ids may have gaps, but a few entries with ids in the millions are a mistake that would cost
 * memory. */
static bool count_tokens(const struct json *root, const char *name, size_t *count,
                         struct error *err)
{
    const struct json *vocab = json_get(json_get(root, "model"), "vocab");
    const struct json *added = json_get(root, "added_tokens");
    int64_t last = -1;
    if (json_kind(vocab) == JSON_KIND_ARRAY)
        last = (int64_t)json_size(vocab) - 1;
    else
        for (const struct json_member *m = json_first(vocab); m; m = json_next(vocab, m))
            last = largest(last, json_int(json_member_value(m), INT64_MAX));
    for (size_t i = 0; i < json_size(added); i++)
        last = largest(last, json_int(json_get(json_at(added, i), "id"), INT64_MAX));
    size_t n_entries = json_size(vocab) + json_size(added);
    if (last >= MAX_VOCABULARY || (uint64_t)last + 1 > n_entries * 16 + 65536)
        return fail(err, ERROR_FORMAT, "'%s': token ids go up to %" PRId64 " in %zu entries", name,
                    last, n_entries);
    *count = (size_t)(last + 1);
    return true;
}

static bool read_object_vocabulary(struct tokenizer *t, const struct json *vocab, const char *name,
                                   struct error *err)
{
    for (const struct json_member *m = json_first(vocab); m; m = json_next(vocab, m)) {
        int64_t id = json_int(json_member_value(m), -1);
        struct slice key = json_member_key(m);
        if (!vocabulary_has(&t->vocabulary, id))
            return fail(err, ERROR_FORMAT, "'%s': token '%s' has id %" PRId64 " of %zu", name,
                        printable(key), id, t->vocabulary.count);
        struct slice *text = &t->vocabulary.texts[id];
        if (text->length)
            return fail(err, ERROR_FORMAT, "'%s': tokens '%s' and '%s' both have id %" PRId64, name,
                        printable(*text), printable(key), id);
        *text = (struct slice){ arena_copy(t->arena, key), key.length };
        if (!text->data)
            return fail_memory(err, key.length, "a vocabulary");
    }
    return true;
}

/* Unigram: [["text", score], ...] in the order of their ids. */
static bool read_array_vocabulary(struct tokenizer *t, const struct json *vocab, const char *name,
                                  struct error *err)
{
    for (size_t i = 0; i < json_size(vocab); i++) {
        const struct json *entry = json_at(vocab, i);
        if (json_kind(json_at(entry, 0)) != JSON_KIND_STRING || json_size(entry) != 2)
            return fail(err, ERROR_FORMAT, "'%s': token %zu is no pair of text and score", name, i);
        if (!json_keep_text(t, json_at(entry, 0), &t->vocabulary.texts[i], err))
            return false;
        t->vocabulary.scores[i] = (float)json_number(json_at(entry, 1), 0);
    }
    return true;
}

static bool read_vocabulary(struct tokenizer *t, const struct json *root, const char *name,
                            struct error *err)
{
    const struct json *vocab = json_get(json_get(root, "model"), "vocab");
    bool is_array = json_kind(vocab) == JSON_KIND_ARRAY;
    size_t count = 0;
    if (!is_array && json_kind(vocab) != JSON_KIND_OBJECT)
        return fail(err, ERROR_FORMAT, "'%s' has no model.vocab", name);
    if (!count_tokens(root, name, &count, err))
        return false;
    if (!vocabulary_init(&t->vocabulary, count, is_array, err))
        return fail_while(err, "'%s'", name);
    return (is_array ? read_array_vocabulary(t, vocab, name, err)
                     : read_object_vocabulary(t, vocab, name, err)) &&
           vocabulary_index(&t->vocabulary, name, err);
}

static bool read_added_token(struct tokenizer *t, const struct json *node, const char *name,
                             struct error *err)
{
    struct vocabulary *v = &t->vocabulary;
    struct slice content = json_text(json_get(node, "content"));
    token_id id = vocabulary_find(v, content);
    if (content.length == 0)
        return true;
    if (id < 0) { /* new: takes the id that stands there */
        id = (token_id)json_int(json_get(node, "id"), -1);
        struct slice kept;
        if (!vocabulary_has(v, id) || v->texts[id].length)
            return fail(err, ERROR_FORMAT, "'%s': the added token '%s' has id %d, which is %s",
                        name, printable(content), id,
                        vocabulary_has(v, id) ? printable(v->texts[id]) : "no id");
        if (!json_keep_text(t, json_get(node, "content"), &kept, err) ||
            !vocabulary_add(v, id, kept, name, err))
            return false;
    }
    bool is_special = json_flag(json_get(node, "special"), false);
    v->types[id] = is_special ? TOKEN_CONTROL : TOKEN_USER_DEFINED;
    struct added_token token = {
        .text = v->texts[id],
        .id = id,
        .is_special = is_special,
        .strips_left = json_flag(json_get(node, "lstrip"), false),
        .strips_right = json_flag(json_get(node, "rstrip"), false),
        .is_single_word = json_flag(json_get(node, "single_word"), false),
        .is_normalized = json_flag(json_get(node, "normalized"), !is_special),
    };
    return added_tokens_add(&t->added, token, err);
}

static bool read_added_tokens(struct tokenizer *t, const struct json *root, const char *name,
                              struct error *err)
{
    const struct json *list = json_get(root, "added_tokens");
    for (size_t i = 0; i < json_size(list); i++)
        if (!read_added_token(t, json_at(list, i), name, err))
            return false;
    /* Without a normalizer the two kinds are looked for in the same text, one after the other. */
    added_tokens_finish(&t->added);
    return true;
}

static token_id named_token(const struct tokenizer *t, const struct json *node)
{
    return vocabulary_find(&t->vocabulary, json_text(node));
}

static bool read_merges(struct tokenizer *t, const struct json *merges, const char *name,
                        struct error *err)
{
    struct merge_batch batch;
    merge_batch_init(&batch, &t->bpe, &t->vocabulary, name);
    for (size_t i = 0; i < json_size(merges); i++) {
        const struct json *merge = json_at(merges, i);
        bool ok = json_kind(merge) == JSON_KIND_STRING
                      ? merge_batch_add_line(&batch, json_text(merge), err)
                      : merge_batch_add(&batch, json_text(json_at(merge, 0)),
                                        json_text(json_at(merge, 1)), err);
        if (!ok)
            return false;
    }
    return merge_batch_flush(&batch, err);
}

static bool read_bpe(struct tokenizer *t, const struct json *model, bool is_byte_level,
                     const char *name, struct error *err)
{
    static const char *const affixes[] = { "continuing_subword_prefix", "end_of_word_suffix" };
    for (size_t i = 0; i < COUNT_OF(affixes); i++)
        if (json_text(json_get(model, affixes[i])).length)
            return fail(err, ERROR_UNSUPPORTED, "'%s': %s '%s' is not supported", name, affixes[i],
                        printable(json_text(json_get(model, affixes[i]))));
    const struct json *merges = json_get(model, "merges");
    t->model = MODEL_BPE;
    t->kind = is_byte_level ? "tokenizer.json (byte-level BPE)" : "tokenizer.json (BPE)";
    if (!bpe_init(&t->bpe, is_byte_level ? BPE_BYTE_LEVEL : BPE_CHARACTERS, &t->vocabulary,
                  json_size(merges), err))
        return fail_while(err, "'%s'", name);
    t->bpe.unknown = named_token(t, json_get(model, "unk_token"));
    t->bpe.fuses_unknown = json_flag(json_get(model, "fuse_unk"), false);
    t->bpe.has_byte_fallback = json_flag(json_get(model, "byte_fallback"), false);
    t->bpe.ignores_merges = json_flag(json_get(model, "ignore_merges"), false);
    return read_merges(t, merges, name, err);
}

static bool read_unigram(struct tokenizer *t, const struct json *model, const char *name,
                         struct error *err)
{
    int64_t unknown = json_int(json_get(model, "unk_id"), -1);
    if (unknown != -1 && !vocabulary_has(&t->vocabulary, unknown))
        return fail(err, ERROR_FORMAT, "'%s': unk_id is %" PRId64 ", the vocabulary has %zu tokens",
                    name, unknown, t->vocabulary.count);
    struct unigram_options options = {
        .unknown = (token_id)unknown,
        .has_byte_fallback = json_flag(json_get(model, "byte_fallback"), false),
        .takes_any_type = true,
    };
    t->model = MODEL_UNIGRAM;
    t->kind = "tokenizer.json (Unigram)";
    return unigram_init(&t->unigram, &t->vocabulary, options, name, err);
}

static bool read_wordpiece(struct tokenizer *t, const struct json *model, const char *name,
                           struct error *err)
{
    const struct json *prefix = json_get(model, "continuing_subword_prefix");
    struct slice text = prefix ? json_text(prefix) : slice_of("##");
    int64_t max = json_int(json_get(model, "max_input_chars_per_word"), 100);
    if (text.length == 0)
        return fail(err, ERROR_UNSUPPORTED, "'%s': WordPiece without a continuation prefix", name);
    t->model = MODEL_WORDPIECE;
    t->kind = "tokenizer.json (WordPiece)";
    if (!wordpiece_init(&t->wordpiece, &t->vocabulary, text, name, err))
        return false;
    t->wordpiece.max_characters = max > 0 ? (size_t)max : 100;
    t->wordpiece.unknown = named_token(t, json_get(model, "unk_token"));
    return true;
}

static bool read_model(struct tokenizer *t, const struct json *model, bool is_byte_level,
                       const char *name, struct error *err)
{
    struct slice type = model_type(model);
    bool has_scores = t->vocabulary.scores != NULL;
    if (slice_equal(type, slice_of(MODEL_BPE_NAME)))
        return read_bpe(t, model, is_byte_level, name, err);
    if (slice_equal(type, slice_of(MODEL_UNIGRAM_NAME)) && has_scores)
        return read_unigram(t, model, name, err);
    if (slice_equal(type, slice_of(MODEL_WORDPIECE_NAME)))
        return read_wordpiece(t, model, name, err);
    return fail(err, ERROR_UNSUPPORTED, "'%s': the model '%s' is not supported", name,
                printable(type));
}

/* "text" or {"content": "text"}, as tokenizer_config.json names tokens. */
static token_id config_token(const struct tokenizer *t, const struct json *config, const char *key)
{
    const struct json *node = json_get(config, key);
    if (json_kind(node) == JSON_KIND_OBJECT)
        node = json_get(node, "content");
    return named_token(t, node);
}

static bool read_special_roles(struct tokenizer *t, const struct json *config, struct error *err)
{
    vocabulary_find_ends(&t->vocabulary);
    t->bos = config_token(t, config, "bos_token");
    t->eos = config_token(t, config, "eos_token");
    if (t->bos < 0 && !config && t->n_before)
        t->bos = t->before[0];
    if (t->eos < 0 && !config && t->n_after && t->vocabulary.is_end[t->after[t->n_after - 1]])
        t->eos = t->after[t->n_after - 1];
    if (t->eos >= 0)
        t->vocabulary.is_end[t->eos] = true;
    /* A file without template whose class adds the token itself. */
    bool adds_bos = json_flag(json_get(config, "add_bos_token"), false);
    return !adds_bos || t->n_before || t->bos < 0 || tokenizer_put_before(t, t->bos, err);
}

static bool load(struct tokenizer *t, const struct json *root, const struct json *config,
                 const char *name, struct error *err)
{
    bool is_byte_level;
    t->repairs_text = true;
    if (!read_vocabulary(t, root, name, err) || !read_added_tokens(t, root, name, err))
        return false;
    bool ok = json_read_normalizer(t, json_get(root, "normalizer"), err) &&
              json_read_pretokenizer(t, json_get(root, "pre_tokenizer"), &is_byte_level, err) &&
              json_read_post_processor(t, json_get(root, "post_processor"), err) &&
              json_read_decoder(t, json_get(root, "decoder"), err);
    if (!ok)
        return fail_while(err, "'%s'", name);
    return read_model(t, json_get(root, "model"), is_byte_level, name, err) &&
           read_special_roles(t, config, err);
}

static bool from_json(struct tokenizer **out, const char *bytes, size_t length, const char *name,
                      const struct json *config, struct error *err)
{
    const struct json *root;
    *out = NULL;
    if (!json_open(&root, bytes, length, name, err))
        return false;
    *out = tokenizer_new(err);
    if (*out && !load(*out, root, config, name, err))
        tokenizer_close(out);
    json_close(&root);
    return *out != NULL;
}

bool tokenizer_from_json(struct tokenizer **out, const char *bytes, size_t length, const char *name,
                         struct error *err)
{
    return from_json(out, bytes, length, name, NULL, err);
}

bool load_json(struct tokenizer **out, const char *path, struct error *err)
{
    struct mapped_file *file;
    const struct json *config = NULL;
    *out = NULL;
    if (!mapped_file_open(&file, path, err))
        return false;
    bool ok = open_config_beside(&config, path, err) &&
              from_json(out, (const char *)file->data, file->size, path, config, err);
    if (config)
        json_close(&config);
    mapped_file_close(&file);
    return ok;
}
