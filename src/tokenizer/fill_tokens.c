#include "tokenizer/fill_tokens.h"

#include "base/utf8.h"
#include "tokenizer/tokenizer_parts.h"

/* Orders as the models' publishers give them: model cards of StarCoder, SantaCoder, Refact,
 * Qwen2.5-Coder and DeepSeek-Coder, Google's page on CodeGemma, the Code Llama paper (2.3),
 * CodeGeeX4's guide to infilling, the Seed-Coder paper, mistral-common for Codestral. */
static const struct family {
    const char *prefix, *suffix, *middle; /* middle: NULL where there is none */
    bool is_suffix_first;
} families[] = {
    { "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", false },
    { "<fim_prefix>", "<fim_suffix>", "<fim_middle>", false },
    { "<fim-prefix>", "<fim-suffix>", "<fim-middle>", false },
    { "▁<PRE>", "▁<SUF>", "▁<MID>", false },
    { "<PRE>", "<SUF>", "<MID>", false },
    { "<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", false },
    { "<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>", true },
    { "<[fim-prefix]>", "<[fim-suffix]>", "<[fim-middle]>", true },
    { "[PREFIX]", "[SUFFIX]", NULL, true },
};

/* Whichever family has them. */
static const char *const separators[] = { "<|file_sep|>", "<|file_separator|>", "<file_sep>" };

static const struct fill_tokens NONE = { -1, -1, -1, -1, false };

static token_id find(const struct tokenizer *t, const char *text)
{
    return text ? tokenizer_find(t, slice_of(text)) : -1;
}

/* Without a token for the middle the answer must follow what stands before the hole. */
static bool is_complete(const struct fill_tokens *f)
{
    return f->prefix >= 0 && f->suffix >= 0 && (f->middle >= 0 || f->is_suffix_first);
}

/* Gemma's files declare CodeGemma's numbers, also those of models whose vocabulary calls them
 * "<unused60>". */
static bool is_unused(const struct tokenizer *t, token_id id)
{
    static const char unused[] = "<unused";
    struct slice text = tokenizer_token_text(t, id);
    return text.length >= sizeof unused - 1 && memcmp(text.data, unused, sizeof unused - 1) == 0;
}

static void follow_family(struct fill_tokens *f, const struct family *family)
{
    f->is_suffix_first = family->is_suffix_first;
    if (!family->middle)
        f->middle = -1;
}

/* The order of declared tokens is their family's. */
static bool find_declared(const struct tokenizer *t, struct fill_tokens *out)
{
    *out = t->declared_fill;
    out->is_suffix_first = out->middle < 0;
    struct slice name = tokenizer_token_text(t, out->prefix);
    for (size_t i = 0; i < COUNT_OF(families); i++)
        if (slice_equal(name, slice_of(families[i].prefix)))
            follow_family(out, &families[i]);
    return is_complete(out) && !is_unused(t, out->prefix) && !is_unused(t, out->suffix);
}

static bool find_named(const struct tokenizer *t, const struct family *family,
                       struct fill_tokens *out)
{
    *out = (struct fill_tokens){
        .prefix = find(t, family->prefix),
        .suffix = find(t, family->suffix),
        .middle = find(t, family->middle),
        .separator = -1,
        .is_suffix_first = family->is_suffix_first,
    };
    return is_complete(out) && (out->middle >= 0 || !family->middle);
}

bool fill_tokens_find(const struct tokenizer *t, struct fill_tokens *out)
{
    bool is_found = find_declared(t, out);
    for (size_t i = 0; i < COUNT_OF(families) && !is_found; i++)
        is_found = find_named(t, &families[i], out);
    if (!is_found)
        *out = NONE;
    for (size_t i = 0; i < COUNT_OF(separators) && is_found && out->separator < 0; i++)
        out->separator = find(t, separators[i]);
    return is_found;
}

bool fill_tokens_is_end(const struct fill_tokens *f, token_id id)
{
    return id >= 0 && (id == f->prefix || id == f->suffix || id == f->middle || id == f->separator);
}

/* ---- the prompt ---- */

struct fill {
    const struct tokenizer *t;
    const struct fill_tokens *f;
    struct token_list *out;
};

static bool push(const struct fill *p, token_id id, struct error *err)
{
    return token_list_push(p->out, id) ||
           fail_memory(err, p->out->count * sizeof id, "a prompt with a hole");
}

static bool has_fill_token(const struct fill *p, size_t from)
{
    for (size_t i = from; i < p->out->count; i++)
        if (fill_tokens_is_end(p->f, p->out->ids[i]))
            return true;
    return false;
}

static bool begins_with(struct slice text, struct slice beginning)
{
    return beginning.length > 0 && text.length >= beginning.length &&
           memcmp(text.data, beginning.data, beginning.length) == 0;
}

/* Whether one of the tokens is spelled out where `text` begins. */
static bool spells_token(const struct fill *p, struct slice text)
{
    const token_id ids[] = { p->f->prefix, p->f->suffix, p->f->middle, p->f->separator };
    const struct slice space = slice_of("▁"); /* in texts that is a space */
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct slice name = tokenizer_token_text(p->t, ids[i]);
        if (begins_with(name, space))
            name = (struct slice){ name.data + space.length, name.length - space.length };
        if (begins_with(text, name))
            return true;
    }
    return false;
}

/* The text up to and with the first character of the first token that it spells. */
static struct slice until_token(const struct fill *p, struct slice text)
{
    for (size_t i = 0; i < text.length; i++) {
        struct slice rest = { text.data + i, text.length - i };
        if (!spells_token(p, rest))
            continue;
        size_t character = utf8_length((const uint8_t *)rest.data, rest.length);
        return (struct slice){ text.data, i + (character ? character : 1) };
    }
    return text;
}

static bool encode(const struct fill *p, struct slice text, bool is_continued, struct error *err)
{
    struct encode_options options = { .is_continued = is_continued };
    return tokenizer_encode(p->t, text, options, p->out, err);
}

/* In pieces, so that no token that is spelled out lies in one piece: some vocabularies find such
 * tokens in every text, wanted or not. */
static bool encode_apart(const struct fill *p, struct slice text, bool is_continued,
                         struct error *err)
{
    while (text.length > 0) {
        struct slice piece = until_token(p, text);
        if (!encode(p, piece, is_continued, err))
            return false;
        is_continued = true;
        text = (struct slice){ text.data + piece.length, text.length - piece.length };
    }
    return true;
}

static bool append_text(const struct fill *p, struct slice text, bool is_continued,
                        struct error *err)
{
    size_t from = p->out->count;
    if (!encode(p, text, is_continued, err))
        return false;
    if (!has_fill_token(p, from))
        return true;
    p->out->count = from;
    if (!encode_apart(p, text, is_continued, err))
        return false;
    return !has_fill_token(p, from) ||
           fail(err, ERROR_UNSUPPORTED,
                "the vocabulary reads tokens for filling in the middle out of plain text");
}

static bool append_beginning(const struct fill *p, struct error *err)
{
    for (size_t i = 0; i < p->t->n_before; i++)
        if (!push(p, p->t->before[i], err))
            return false;
    return true;
}

static bool append_prompt(const struct fill *p, struct slice prefix, struct slice suffix,
                          struct error *err)
{
    const struct fill_tokens *f = p->f;
    if (!append_beginning(p, err))
        return false;
    for (int part = 0; part < 2; part++) {
        bool is_suffix = (part == 0) == f->is_suffix_first;
        /* What stands behind the hole begins with no space that the vocabulary puts in front of
         * texts: nobody trained it otherwise. */
        if (!push(p, is_suffix ? f->suffix : f->prefix, err) ||
            !append_text(p, is_suffix ? suffix : prefix, is_suffix, err))
            return false;
    }
    return f->middle < 0 || push(p, f->middle, err);
}

bool fill_prompt(const struct tokenizer *t, const struct fill_tokens *f, struct slice prefix,
                 struct slice suffix, struct token_list *out, struct error *err)
{
    size_t before = out->count;
    if (!is_complete(f))
        return fail(err, ERROR_UNSUPPORTED, "the model has no tokens for filling in the middle");
    if (append_prompt(&(struct fill){ t, f, out }, prefix, suffix, err))
        return true;
    out->count = before;
    return false;
}
