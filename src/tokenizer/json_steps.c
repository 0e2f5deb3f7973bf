#include "tokenizer/json_steps.h"

#include "base/memory.h"
#include "tokenizer/base64.h"

enum { MAX_NESTING = 16 };

static struct slice type_of(const struct json *node)
{
    return json_text(json_get(node, "type"));
}

static bool is_type(const struct json *node, const char *type)
{
    return slice_equal(type_of(node), slice_of(type));
}

static bool is_absent(const struct json *node)
{
    return json_kind(node) == JSON_KIND_NONE || json_kind(node) == JSON_KIND_NULL;
}

static bool unknown_type(const struct json *node, const char *what, struct error *err)
{
    return fail(err, ERROR_UNSUPPORTED, "the %s '%s' is not supported", what,
                printable(type_of(node)));
}

bool json_keep_text(struct tokenizer *t, const struct json *node, struct slice *out,
                    struct error *err)
{
    struct slice text = json_text(node);
    const char *copy = arena_copy(t->arena, text);
    *out = (struct slice){ copy, text.length };
    return copy || fail_memory(err, text.length, "a tokenizer's text");
}

/* {"String": "x"} or {"Regex": "x"}, compiled. */
static bool compile_pattern(const struct json *pattern, struct expression **out, struct error *err)
{
    const struct json *regex = json_get(pattern, "Regex"), *string = json_get(pattern, "String");
    if (json_kind(regex) == JSON_KIND_STRING)
        return expression_compile(out, json_text(regex), err);
    if (json_kind(string) != JSON_KIND_STRING || json_text(string).length == 0)
        return fail(err, ERROR_FORMAT, "a pattern is neither String nor Regex");
    struct text quoted;
    text_init(&quoted, 1 << 20);
    bool ok = true;
    struct slice text = json_text(string);
    for (size_t i = 0; ok && i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        ok = c < 0x80 ? text_printf(&quoted, "\\x{%x}", c) : text_append_byte(&quoted, (char)c);
    }
    ok = ok ? expression_compile(out, text_slice(&quoted), err)
            : fail_memory(err, text.length, "a pattern");
    text_release(&quoted);
    return ok;
}

static bool read_charsmap(struct tokenizer *t, const struct json *node, struct charsmap *map,
                          struct error *err)
{
    struct slice text = json_text(json_get(node, "precompiled_charsmap"));
    size_t length;
    char *bytes = arena_alloc(t->arena, text.length / 4 * 3 + 3);
    if (!bytes)
        return fail_memory(err, text.length, "a character map");
    if (!base64_decode(text, bytes, &length))
        return fail(err, ERROR_FORMAT, "precompiled_charsmap is not base64");
    return charsmap_open(map, (struct slice){ bytes, length }, "precompiled_charsmap", err);
}

static bool add_replace(struct tokenizer *t, const struct json *node, struct error *err)
{
    struct normalizer_step step = { .kind = NORMALIZE_REPLACE };
    return json_keep_text(t, json_get(node, "content"), &step.content, err) &&
           compile_pattern(json_get(node, "pattern"), &step.expression, err) &&
           normalizer_add(&t->normalizer, step, err);
}

static struct normalizer_step bert_step(const struct json *node)
{
    bool lowers = json_flag(json_get(node, "lowercase"), true);
    return (struct normalizer_step){
        .kind = NORMALIZE_BERT,
        .lowers = lowers,
        .cleans = json_flag(json_get(node, "clean_text"), true),
        .parts_ideographs = json_flag(json_get(node, "handle_chinese_chars"), true),
        .strips_accents = json_flag(json_get(node, "strip_accents"), lowers),
    };
}

static bool read_normalizer(struct tokenizer *t, const struct json *node, size_t depth,
                            struct error *err)
{
    static const struct {
        const char *type;
        enum normalizer_kind kind;
    } plain[] = {
        { "NFC", NORMALIZE_NFC },
        { "NFD", NORMALIZE_NFD },
        { "NFKC", NORMALIZE_NFKC },
        { "NFKD", NORMALIZE_NFKD },
        { "Lowercase", NORMALIZE_LOWERCASE },
        { "StripAccents", NORMALIZE_STRIP_ACCENTS },
        { "Nmt", NORMALIZE_NMT },
        { "ByteLevel", NORMALIZE_BYTE_LEVEL },
    };
    if (is_type(node, "Sequence")) {
        const struct json *list = json_get(node, "normalizers");
        if (depth == MAX_NESTING)
            return fail(err, ERROR_UNSUPPORTED, "normalizers are nested deeper than %d",
                        MAX_NESTING);
        for (size_t i = 0; i < json_size(list); i++)
            if (!read_normalizer(t, json_at(list, i), depth + 1, err))
                return false;
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(plain); i++)
        if (is_type(node, plain[i].type))
            return normalizer_add(&t->normalizer, (struct normalizer_step){ .kind = plain[i].kind },
                                  err);
    if (is_type(node, "Replace"))
        return add_replace(t, node, err);
    if (is_type(node, "BertNormalizer"))
        return normalizer_add(&t->normalizer, bert_step(node), err);
    struct normalizer_step step = { 0 };
    if (is_type(node, "Prepend")) {
        step.kind = NORMALIZE_PREPEND;
        return json_keep_text(t, json_get(node, "prepend"), &step.content, err) &&
               normalizer_add(&t->normalizer, step, err);
    }
    if (is_type(node, "Strip")) {
        step.kind = NORMALIZE_STRIP;
        step.strips_left = json_flag(json_get(node, "strip_left"), true);
        step.strips_right = json_flag(json_get(node, "strip_right"), true);
        return normalizer_add(&t->normalizer, step, err);
    }
    if (is_type(node, "Precompiled")) {
        step.kind = NORMALIZE_PRECOMPILED;
        return read_charsmap(t, node, &step.charsmap, err) &&
               normalizer_add(&t->normalizer, step, err);
    }
    return unknown_type(node, "normalizer", err);
}

bool json_read_normalizer(struct tokenizer *t, const struct json *node, struct error *err)
{
    return is_absent(node) || read_normalizer(t, node, 0, err);
}

static bool behavior_of(const struct json *node, enum split_behavior *out, struct error *err)
{
    static const char *const names[] = { "Isolated", "Removed", "MergedWithPrevious",
                                         "MergedWithNext", "Contiguous" };
    struct slice name = json_text(json_get(node, "behavior"));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (slice_equal(name, slice_of(names[i]))) {
            *out = (enum split_behavior)i;
            return true;
        }
    return fail(err, ERROR_FORMAT, "the split behavior '%s' is not known", printable(name));
}

static bool add_split(struct pretokenizer *p, const struct json *node, struct error *err)
{
    enum split_behavior behavior;
    if (!behavior_of(node, &behavior, err))
        return false;
    const struct json *pattern = json_get(node, "pattern");
    bool is_inverted = json_flag(json_get(node, "invert"), false);
    const struct json *string = json_get(pattern, "String"), *regex = json_get(pattern, "Regex");
    if (json_kind(string) == JSON_KIND_STRING && json_text(string).length)
        return pretokenizer_split_literal(p, json_text(string), behavior, is_inverted, err);
    if (json_kind(regex) == JSON_KIND_STRING)
        return pretokenizer_split(p, json_text(regex), behavior, is_inverted, err);
    return fail(err, ERROR_FORMAT, "a Split pattern is neither String nor Regex");
}

static bool add_metaspace(struct pretokenizer *p, const struct json *node, struct error *err)
{
    struct slice name = json_text(json_get(node, "prepend_scheme"));
    bool adds = json_flag(json_get(node, "add_prefix_space"), true);
    enum prepend_scheme scheme = adds ? PREPEND_ALWAYS : PREPEND_NEVER;
    if (slice_equal(name, slice_of("first")))
        scheme = PREPEND_FIRST;
    else if (slice_equal(name, slice_of("never")))
        scheme = PREPEND_NEVER;
    else if (slice_equal(name, slice_of("always")))
        scheme = PREPEND_ALWAYS;
    return pretokenizer_metaspace(p, json_text(json_get(node, "replacement")), scheme,
                                  json_flag(json_get(node, "split"), true), err);
}

/* ByteLevel: a space in front, GPT-2's expression, and from there on GPT-2's alphabet. */
static bool add_byte_level(struct pretokenizer *p, const struct json *node, bool *is_byte_level,
                           struct error *err)
{
    if (json_flag(json_get(node, "add_prefix_space"), true) && !pretokenizer_prefix_space(p, err))
        return false;
    if (json_flag(json_get(node, "use_regex"), true) &&
        !pretokenizer_split(p, slice_of(GPT2_EXPRESSION), SPLIT_ISOLATED, false, err))
        return false;
    *is_byte_level = true;
    return true;
}

static const char PUNCTUATION[] = "[\\p{P}!-/:-@\\[-`{-~]";
/* Rust's \w. */
#define WORD_CHARACTERS "\\p{L}\\p{M}\\p{Nd}\\p{Nl}\\p{Pc}\\x{200c}\\x{200d}\\x{24b6}-\\x{24e9}"
static const char WORDS[] = "[" WORD_CHARACTERS "]+|[^" WORD_CHARACTERS "\\s]+";

static bool read_simple_pretokenizer(struct pretokenizer *p, const struct json *node,
                                     struct error *err)
{
    enum split_behavior behavior = SPLIT_ISOLATED;
    if (is_type(node, "Split"))
        return add_split(p, node, err);
    if (is_type(node, "Metaspace"))
        return add_metaspace(p, node, err);
    if (is_type(node, "Digits")) {
        if (!json_flag(json_get(node, "individual_digits"), false))
            behavior = SPLIT_CONTIGUOUS;
        return pretokenizer_split(p, slice_of("\\p{N}"), behavior, false, err);
    }
    if (is_type(node, "Punctuation"))
        return (is_absent(json_get(node, "behavior")) || behavior_of(node, &behavior, err)) &&
               pretokenizer_split(p, slice_of(PUNCTUATION), behavior, false, err);
    if (is_type(node, "Whitespace"))
        return pretokenizer_split(p, slice_of(WORDS), SPLIT_REMOVED, true, err);
    if (is_type(node, "WhitespaceSplit"))
        return pretokenizer_split(p, slice_of("\\s"), SPLIT_REMOVED, false, err);
    if (is_type(node, "BertPreTokenizer"))
        return pretokenizer_split(p, slice_of("\\s"), SPLIT_REMOVED, false, err) &&
               pretokenizer_split(p, slice_of(PUNCTUATION), SPLIT_ISOLATED, false, err);
    if (is_type(node, "CharDelimiterSplit"))
        return pretokenizer_split_literal(p, json_text(json_get(node, "delimiter")), SPLIT_REMOVED,
                                          false, err);
    return unknown_type(node, "pre-tokenizer", err);
}

static bool read_pretokenizer(struct pretokenizer *p, const struct json *node, size_t depth,
                              bool *is_byte_level, bool *is_written, struct error *err)
{
    if (is_type(node, "Sequence")) {
        const struct json *list = json_get(node, "pretokenizers");
        if (depth == MAX_NESTING)
            return fail(err, ERROR_UNSUPPORTED, "pre-tokenizers are nested deeper than %d",
                        MAX_NESTING);
        for (size_t i = 0; i < json_size(list); i++)
            if (!read_pretokenizer(p, json_at(list, i), depth + 1, is_byte_level, is_written, err))
                return false;
        return true;
    }
    /* Steps after ByteLevel see its alphabet, in which some bytes look like letters or digits. */
    if (*is_byte_level && !*is_written) {
        if (!pretokenizer_byte_level(p, err))
            return false;
        *is_written = true;
    }
    if (is_type(node, "ByteLevel"))
        return add_byte_level(p, node, is_byte_level, err);
    return read_simple_pretokenizer(p, node, err);
}

bool json_read_pretokenizer(struct tokenizer *t, const struct json *node, bool *is_byte_level,
                            struct error *err)
{
    bool is_written = false;
    *is_byte_level = false;
    if (is_absent(node))
        return true;
    if (!read_pretokenizer(&t->pretokenizer, node, 0, is_byte_level, &is_written, err))
        return false;
    *is_byte_level = *is_byte_level && !is_written; /* else the model reads characters */
    return true;
}

static bool check_id(const struct tokenizer *t, const struct json *node, token_id *id,
                     struct error *err)
{
    int64_t number = json_int(node, -1);
    if (!vocabulary_has(&t->vocabulary, number))
        return fail(err, ERROR_FORMAT,
                    "the post-processor adds token %" PRId64 ", the vocabulary has %zu tokens",
                    number, t->vocabulary.count);
    *id = (token_id)number;
    return true;
}

/* One place of a template: a token before or after the text. */
static bool add_template_token(struct tokenizer *t, const struct json *template_node,
                               struct slice name, bool is_after, struct error *err)
{
    char key[256];
    if (name.length >= sizeof key)
        return fail(err, ERROR_FORMAT, "a template's token has a name of %zu bytes", name.length);
    memcpy(key, name.data, name.length);
    key[name.length] = '\0';
    const struct json *ids =
        json_get(json_get(json_get(template_node, "special_tokens"), key), "ids");
    if (json_size(ids) == 0)
        return fail(err, ERROR_FORMAT, "the template's token '%s' has no ids", printable(name));
    for (size_t i = 0; i < json_size(ids); i++) {
        token_id id = -1;
        if (!check_id(t, json_at(ids, i), &id, err) ||
            !(is_after ? tokenizer_put_after(t, id, err) : tokenizer_put_before(t, id, err)))
            return false;
    }
    return true;
}

static bool read_template(struct tokenizer *t, const struct json *node, struct error *err)
{
    const struct json *places = json_get(node, "single");
    bool is_after = false;
    for (size_t i = 0; i < json_size(places); i++) {
        const struct json *special = json_get(json_at(places, i), "SpecialToken");
        if (!special)
            is_after = true;
        else if (!add_template_token(t, node, json_text(json_get(special, "id")), is_after, err))
            return false;
    }
    return true;
}

/* BERT and RoBERTa: "cls" before, "sep" after; each is [text, id]. */
static bool read_pair_processor(struct tokenizer *t, const struct json *node, struct error *err)
{
    token_id cls = -1, sep = -1;
    return check_id(t, json_at(json_get(node, "cls"), 1), &cls, err) &&
           check_id(t, json_at(json_get(node, "sep"), 1), &sep, err) &&
           tokenizer_put_before(t, cls, err) && tokenizer_put_after(t, sep, err);
}

static bool read_post_processor(struct tokenizer *t, const struct json *node, size_t depth,
                                struct error *err)
{
    if (is_type(node, "Sequence")) {
        const struct json *list = json_get(node, "processors");
        if (depth == MAX_NESTING)
            return fail(err, ERROR_UNSUPPORTED, "post-processors are nested deeper than %d",
                        MAX_NESTING);
        for (size_t i = 0; i < json_size(list); i++)
            if (!read_post_processor(t, json_at(list, i), depth + 1, err))
                return false;
        return true;
    }
    if (is_type(node, "ByteLevel")) /* only trims offsets, which nobody asks for here */
        return true;
    if (t->n_before || t->n_after)
        return fail(err, ERROR_UNSUPPORTED, "two post-processors add tokens");
    if (is_type(node, "TemplateProcessing"))
        return read_template(t, node, err);
    if (is_type(node, "BertProcessing") || is_type(node, "RobertaProcessing"))
        return read_pair_processor(t, node, err);
    return unknown_type(node, "post-processor", err);
}

bool json_read_post_processor(struct tokenizer *t, const struct json *node, struct error *err)
{
    return is_absent(node) || read_post_processor(t, node, 0, err);
}

static bool add_decoder_replacement(struct tokenizer *t, const struct json *node, struct error *err)
{
    struct decoder *d = &t->decoder;
    const struct json *from = json_get(json_get(node, "pattern"), "String");
    if (json_kind(from) != JSON_KIND_STRING || d->n_replacements == MAX_REPLACEMENTS)
        return fail(err, ERROR_UNSUPPORTED,
                    "the decoder replaces by an expression or more than %d times",
                    MAX_REPLACEMENTS);
    size_t i = d->n_replacements++;
    return json_keep_text(t, from, &d->replacements[i].from, err) &&
           json_keep_text(t, json_get(node, "content"), &d->replacements[i].to, err);
}

static bool read_strip(struct tokenizer *t, const struct json *node, bool is_fused,
                       struct error *err)
{
    int64_t start = json_int(json_get(node, "start"), 0),
            stop = json_int(json_get(node, "stop"), 0);
    if (start == 0 && stop == 0)
        return true;
    if (!is_fused || start != 1 || stop != 0 ||
        !slice_equal(json_text(json_get(node, "content")), slice_of(" ")))
        return fail(err, ERROR_UNSUPPORTED,
                    "the decoder strips %" PRId64 " and %" PRId64 " characters%s, only one space "
                    "in front of a fused text is supported",
                    start, stop, is_fused ? "" : " of every token");
    t->decoder.strips_space = true;
    return true;
}

static bool read_decoder(struct tokenizer *t, const struct json *node, size_t depth, bool *is_fused,
                         struct error *err)
{
    struct decoder *d = &t->decoder;
    if (is_type(node, "Sequence")) {
        const struct json *list = json_get(node, "decoders");
        if (depth == MAX_NESTING)
            return fail(err, ERROR_UNSUPPORTED, "decoders are nested deeper than %d", MAX_NESTING);
        for (size_t i = 0; i < json_size(list); i++)
            if (!read_decoder(t, json_at(list, i), depth + 1, is_fused, err))
                return false;
        return true;
    }
    if (is_type(node, "Replace"))
        return add_decoder_replacement(t, node, err);
    if (is_type(node, "Strip"))
        return read_strip(t, node, *is_fused, err);
    if (is_type(node, "Metaspace"))
        return json_keep_text(t, json_get(node, "replacement"), &d->metaspace, err);
    if (is_type(node, "ByteFallback"))
        d->has_bytes = d->breaks_whole_runs = true;
    else if (is_type(node, "Fuse"))
        *is_fused = true;
    else if (is_type(node, "ByteLevel"))
        d->is_byte_level = d->repairs = true;
    else if (is_type(node, "WordPiece")) {
        d->cleans_words = json_flag(json_get(node, "cleanup"), true);
        return json_keep_text(t, json_get(node, "prefix"), &d->continuation, err);
    } else
        return unknown_type(node, "decoder", err);
    return true;
}

bool json_read_decoder(struct tokenizer *t, const struct json *node, struct error *err)
{
    struct decoder *d = &t->decoder;
    bool is_fused = false;
    if (is_absent(node)) {
        d->joins_with_spaces = true;
        return true;
    }
    if (!read_decoder(t, node, 0, &is_fused, err))
        return false;
    int n_kinds = d->is_byte_level + (d->continuation.length > 0) + (d->metaspace.length > 0) +
                  (d->n_replacements > 0);
    return n_kinds <= 1 ||
           fail(err, ERROR_UNSUPPORTED, "the decoder mixes %d ways of writing tokens", n_kinds);
}
