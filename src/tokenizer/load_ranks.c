#include "base/json.h"
#include "base/memory.h"
#include "tokenizer/base64.h"
#include "tokenizer/tokenizer_parts.h"

#include <stdlib.h>

/* The next line without its end; false at the end of the file. */
static bool next_line(struct slice *rest, struct slice *line)
{
    if (rest->length == 0)
        return false;
    const char *end = memchr(rest->data, '\n', rest->length);
    size_t length = end ? (size_t)(end - rest->data) : rest->length;
    *line = (struct slice){ rest->data, length };
    rest->data += length + (end != NULL);
    rest->length -= length + (end != NULL);
    if (line->length && line->data[line->length - 1] == '\r')
        line->length--;
    return true;
}

/* "dGhl 279": a token's bytes in base64 and its rank, which is its id. */
static bool parse_rank(struct slice line, struct slice *base64, uint64_t *rank)
{
    const char *space = memchr(line.data, ' ', line.length);
    if (!space)
        return false;
    *base64 = (struct slice){ line.data, (size_t)(space - line.data) };
    *rank = 0;
    const char *end = line.data + line.length;
    if (space + 1 == end || end - space > 10)
        return false;
    for (const char *p = space + 1; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        *rank = *rank * 10 + (uint64_t)(*p - '0');
    }
    return true;
}

static bool count_ranks(struct slice rest, const char *name, size_t *count, struct error *err)
{
    struct slice line, base64;
    uint64_t last = 0, rank;
    size_t n_lines = 0, line_number = 0;
    while (next_line(&rest, &line)) {
        line_number++;
        if (line.length == 0)
            continue;
        if (!parse_rank(line, &base64, &rank))
            return fail(err, ERROR_FORMAT, "'%s': line %zu is no token and rank: '%s'", name,
                        line_number, printable(line));
        last = rank > last ? rank : last;
        n_lines++;
    }
    if (n_lines == 0 || last >= n_lines * 16 + 65536)
        return fail(err, ERROR_FORMAT, "'%s': ranks go up to %" PRIu64 " in %zu lines", name, last,
                    n_lines);
    *count = (size_t)last + 1;
    return true;
}

static bool read_ranks(struct tokenizer *t, struct slice rest, const char *name, struct error *err)
{
    struct slice line, base64;
    uint64_t rank;
    while (next_line(&rest, &line)) {
        if (line.length == 0 || !parse_rank(line, &base64, &rank))
            continue;
        char *bytes = arena_alloc(t->arena, base64.length / 4 * 3 + 4);
        size_t length;
        if (!bytes)
            return fail_memory(err, base64.length, "a vocabulary");
        if (!base64_decode(base64, bytes, &length) || length == 0)
            return fail(err, ERROR_FORMAT, "'%s': token %" PRIu64 " is not base64: '%s'", name,
                        rank, printable(base64));
        if (t->vocabulary.texts[rank].length)
            return fail(err, ERROR_FORMAT, "'%s': two tokens have rank %" PRIu64, name, rank);
        t->vocabulary.texts[rank] = (struct slice){ bytes, length };
    }
    return true;
}

/* Ids of the options' tokens may lie beyond the file's. */
static bool widen(size_t *count, const struct rank_options *options, const char *name,
                  struct error *err)
{
    size_t limit = *count * 16 + 65536;
    for (size_t i = 0; i < options->n_added; i++) {
        const struct added_special *token = &options->added[i];
        if (token->id < 0 || (size_t)token->id >= limit)
            return fail(err, ERROR_FORMAT, "'%s': the added token '%s' has id %d beside %zu tokens",
                        name, printable(slice_of(token->text)), token->id, *count);
        *count = size_max(*count, (size_t)token->id + 1);
    }
    return true;
}

static bool add_specials(struct tokenizer *t, const struct rank_options *options, const char *name,
                         struct error *err)
{
    struct vocabulary *v = &t->vocabulary;
    for (size_t i = 0; i < options->n_added; i++) {
        token_id id = options->added[i].id;
        struct slice text = slice_of(options->added[i].text);
        const char *kept = arena_copy(t->arena, text);
        if (!kept)
            return fail_memory(err, text.length, "a special token");
        text.data = kept;
        if (v->texts[id].length && !slice_equal(v->texts[id], text))
            return fail(err, ERROR_FORMAT, "'%s': the added token '%s' has id %d, which is '%s'",
                        name, printable(text), id, printable(v->texts[id]));
        if (text.length == 0 || (!v->texts[id].length && !vocabulary_add(v, id, text, name, err)))
            return text.length == 0;
        v->types[id] = TOKEN_CONTROL;
        struct added_token token = { .text = text, .id = id, .is_special = true };
        if (!added_tokens_add(&t->added, token, err))
            return false;
    }
    added_tokens_finish(&t->added);
    vocabulary_find_ends(v);
    return true;
}

static bool add_pretokenizer(struct tokenizer *t, const struct rank_options *options,
                             struct error *err)
{
    const char *expression = options->expression ? options->expression : GPT2_EXPRESSION;
    return pretokenizer_split(&t->pretokenizer, slice_of(expression), SPLIT_ISOLATED, false, err);
}

static bool load_tiktoken(struct tokenizer *t, struct slice bytes, const char *name,
                          const struct rank_options *options, struct error *err)
{
    size_t count;
    t->kind = "tiktoken ranks (byte-level BPE)";
    t->model = MODEL_BPE;
    t->repairs_text = t->decoder.repairs = true;
    if (!count_ranks(bytes, name, &count, err) || !widen(&count, options, name, err))
        return false;
    if (!vocabulary_init(&t->vocabulary, count, false, err))
        return fail_while(err, "'%s'", name);
    if (!read_ranks(t, bytes, name, err) || !vocabulary_index(&t->vocabulary, name, err) ||
        !bpe_init(&t->bpe, BPE_RANKS, &t->vocabulary, 0, err))
        return false;
    t->bpe.ignores_merges = true;
    return add_specials(t, options, name, err) && add_pretokenizer(t, options, err);
}

static bool read_encoder(struct tokenizer *t, const struct json *root, const char *name,
                         const struct rank_options *options, struct error *err)
{
    int64_t last = -1;
    for (const struct json_member *m = json_first(root); m; m = json_next(root, m)) {
        int64_t id = json_int(json_member_value(m), INT64_MAX);
        last = id > last ? id : last;
    }
    if (last < 0 || (uint64_t)last >= json_size(root) * 16 + 65536)
        return fail(err, ERROR_FORMAT, "'%s': token ids go up to %" PRId64 " in %zu entries", name,
                    last, json_size(root));
    size_t count = (size_t)last + 1;
    if (!widen(&count, options, name, err))
        return false;
    if (!vocabulary_init(&t->vocabulary, count, false, err))
        return fail_while(err, "'%s'", name);
    for (const struct json_member *m = json_first(root); m; m = json_next(root, m)) {
        int64_t id = json_int(json_member_value(m), -1);
        struct slice key = json_member_key(m);
        if (!vocabulary_has(&t->vocabulary, id) || t->vocabulary.texts[id].length)
            return fail(err, ERROR_FORMAT,
                        "'%s': token '%s' has id %" PRId64 ", which is outside %zu tokens or taken",
                        name, printable(key), id, count);
        const char *copy = arena_copy(t->arena, key);
        if (!copy)
            return fail_memory(err, key.length, "a vocabulary");
        t->vocabulary.texts[id] = (struct slice){ copy, key.length };
    }
    return vocabulary_index(&t->vocabulary, name, err);
}

static bool is_merge(struct slice line)
{
    static const char VERSION[] = "#version";
    return line.length &&
           !(line.length > strlen(VERSION) && memcmp(line.data, VERSION, strlen(VERSION)) == 0);
}

static bool read_merge_file(struct tokenizer *t, const char *path, struct error *err)
{
    struct mapped_file *file;
    if (!mapped_file_open(&file, path, err))
        return false;
    struct slice all = { (const char *)file->data, file->size }, rest = all, line;
    size_t n_merges = 0;
    while (next_line(&rest, &line))
        n_merges += is_merge(line);
    bool ok = bpe_init(&t->bpe, BPE_BYTE_LEVEL, &t->vocabulary, n_merges, err);
    struct merge_batch batch;
    merge_batch_init(&batch, &t->bpe, &t->vocabulary, path);
    rest = all;
    while (ok && next_line(&rest, &line))
        ok = !is_merge(line) || merge_batch_add_line(&batch, line, err);
    ok = ok && merge_batch_flush(&batch, err);
    mapped_file_close(&file);
    return ok;
}

static bool load_pair(struct tokenizer *t, struct slice bytes, const char *name, const char *merges,
                      const struct rank_options *options, struct error *err)
{
    const struct json *root;
    t->kind = "encoder.json + vocab.bpe (byte-level BPE)";
    t->model = MODEL_BPE;
    t->repairs_text = t->decoder.repairs = t->decoder.is_byte_level = true;
    if (!json_open(&root, bytes.data, bytes.length, name, err))
        return false;
    bool ok = read_encoder(t, root, name, options, err);
    json_close(&root);
    if (!ok || !read_merge_file(t, merges, err))
        return false;
    t->bpe.ignores_merges = options->ignores_merges;
    return add_specials(t, options, name, err) && add_pretokenizer(t, options, err);
}

bool tokenizer_from_ranks(struct tokenizer **out, const char *vocabulary, const char *merges,
                          const struct rank_options *options, struct error *err)
{
    static const struct rank_options none = { 0 };
    struct mapped_file *file;
    if (!options)
        options = &none;
    *out = NULL;
    if (!mapped_file_open(&file, vocabulary, err))
        return false;
    struct slice bytes = { (const char *)file->data, file->size };
    *out = tokenizer_new(err);
    bool ok = *out && (merges ? load_pair(*out, bytes, vocabulary, merges, options, err)
                              : load_tiktoken(*out, bytes, vocabulary, options, err));
    mapped_file_close(&file);
    if (!ok)
        tokenizer_close(out);
    return ok;
}

/* added_tokens_decoder: {"128000": {"content": "<|begin_of_text|>"}, ...} */
static bool config_added(const struct json *config, struct added_special **added, size_t *count,
                         struct error *err)
{
    const struct json *list = json_get(config, "added_tokens_decoder");
    *added = memory_zeroed(json_size(list) + 1, sizeof **added);
    *count = 0;
    if (!*added)
        return fail_memory(err, json_size(list) * sizeof **added, "special tokens");
    for (const struct json_member *m = json_first(list); m; m = json_next(list, m)) {
        struct slice content = json_text(json_get(json_member_value(m), "content"));
        (*added)[*count].text = content.data; /* JSON strings end in NUL */
        (*added)[(*count)++].id = (int32_t)strtol(json_member_key(m).data, NULL, 10);
    }
    return true;
}

static void set_roles(struct tokenizer *t, const struct json *config)
{
    t->bos = vocabulary_find(&t->vocabulary, json_text(json_get(config, "bos_token")));
    t->eos = vocabulary_find(&t->vocabulary, json_text(json_get(config, "eos_token")));
    if (t->eos >= 0)
        t->vocabulary.is_end[t->eos] = true;
}

bool load_ranks(struct tokenizer **out, const char *vocabulary, const char *merges,
                struct error *err)
{
    const struct json *config = NULL;
    struct added_special *added = NULL;
    struct rank_options options = { 0 };
    *out = NULL;
    bool ok = open_config_beside(&config, vocabulary, err) &&
              config_added(config, &added, &options.n_added, err);
    if (ok) {
        const struct json *expression = json_get(config, "pat_str");
        if (json_kind(expression) == JSON_KIND_STRING)
            options.expression = json_text(expression).data;
        options.ignores_merges = json_flag(json_get(config, "ignore_merges"), false);
        options.added = added;
        ok = tokenizer_from_ranks(out, vocabulary, merges, &options, err);
    }
    if (ok)
        set_roles(*out, config);
    if (config)
        json_close(&config);
    memory_free(added);
    return ok;
}
