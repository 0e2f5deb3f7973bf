#include "cli/synth/synth_vocabulary.h"

#include "base/arena.h"
#include "base/utf8.h"

#include <stdio.h>

/* numbers of the format */
enum token_type { NORMAL = 1, UNKNOWN = 2, CONTROL = 3, USER_DEFINED = 4, BYTE = 6 };

enum { MOST_MERGES = 4096, MOST_BYTES = 64 << 20, MOST_TOKEN = 16 };

struct building {
    const struct synth_vocabulary *vocabulary;
    struct arena *arena;
    struct slice *tokens, *merges;
    int32_t *types;
    float *scores;
    uint32_t n_tokens;
    size_t n_merges;
    bool out_of_memory;
};

/* Frequent letters first, so that early merges are the useful ones. */
static const char letters[] = "etaoinshrdlcumwfgypbvkjxqz";

static const char *special_text(const struct synth_vocabulary *v, uint32_t id)
{
    for (const struct synth_special *it = v->specials; it->text; it++)
        if (it->id == id)
            return it->text;
    return NULL;
}

/* Tags that belong to the text of answers are no control tokens in their makers' files either. */
static enum token_type special_type(const char *text)
{
    static const char *const tags[] = { "<think>", "</think>", "<tool_call>", "</tool_call>" };
    for (size_t i = 0; i < COUNT_OF(tags); i++)
        if (strcmp(text, tags[i]) == 0)
            return USER_DEFINED;
    return strcmp(text, "<unk>") == 0 ? UNKNOWN : CONTROL;
}

static bool is_special(const struct synth_vocabulary *v, uint32_t id)
{
    return id >= v->special_begin && id - v->special_begin < v->n_special;
}

static void push(struct building *b, const char *text, enum token_type type)
{
    char *copy = text ? arena_copy(b->arena, slice_of(text)) : NULL;
    b->out_of_memory = b->out_of_memory || !copy;
    if (b->out_of_memory || b->n_tokens == b->vocabulary->size)
        return;
    b->types[b->n_tokens] = type;
    b->scores[b->n_tokens] = type == NORMAL ? -(float)b->n_tokens : 0;
    b->tokens[b->n_tokens++] = slice_of(copy);
}

/* The special tokens whose ids come next. */
static void push_specials(struct building *b)
{
    while (!b->out_of_memory && is_special(b->vocabulary, b->n_tokens)) {
        const char *text = special_text(b->vocabulary, b->n_tokens);
        if (!text)
            text = arena_printf(b->arena, "<|reserved_special_token_%" PRIu32 "|>", b->n_tokens);
        push(b, text, text ? special_type(text) : CONTROL);
    }
}

/* A token at the next id that is not special. */
static void add(struct building *b, const char *text, enum token_type type)
{
    push_specials(b);
    push(b, text, type);
}

static bool has_room(const struct building *b)
{
    const struct synth_vocabulary *v = b->vocabulary;
    uint32_t ahead = b->n_tokens <= v->special_begin ? v->n_special : 0;
    return !b->out_of_memory && b->n_tokens + ahead < v->size;
}

/* GPT-2 shows every byte as a visible character: printable ones as themselves, the others from
 * U+0100 on in order. */
static void add_visible_bytes(struct building *b)
{
    uint32_t next = 0x100;
    for (uint32_t byte = 0; byte < 256; byte++) {
        bool visible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);
        char text[5] = { 0 };
        utf8_encode(visible ? byte : next, text);
        next += !visible;
        add(b, text, NORMAL);
    }
}

static void add_numbered_bytes(struct building *b)
{
    for (uint32_t byte = 0; byte < 256; byte++)
        add(b, arena_printf(b->arena, "<0x%02X>", byte), BYTE);
}

/* The token left + right, and the merge that makes it. */
static void join(struct building *b, const char *left, const char *right)
{
    if (!has_room(b) || b->n_merges == MOST_MERGES)
        return;
    add(b, arena_printf(b->arena, "%s%s", left, right), NORMAL);
    char *merge = arena_printf(b->arena, "%s %s", left, right);
    b->out_of_memory = b->out_of_memory || !merge;
    if (merge)
        b->merges[b->n_merges++] = slice_of(merge);
}

/* " e", "et", " et" and "ete" for all or the most frequent letters. */
static void add_joined(struct building *b, const char *space)
{
    char spaced[MOST_TOKEN];
    for (size_t i = 0; letters[i]; i++)
        join(b, space, (char[]){ letters[i], '\0' });
    for (size_t i = 0; letters[i]; i++)
        for (size_t j = 0; letters[j]; j++)
            join(b, (char[]){ letters[i], '\0' }, (char[]){ letters[j], '\0' });
    for (size_t i = 0; letters[i]; i++)
        for (size_t j = 0; letters[j]; j++) {
            snprintf(spaced, sizeof spaced, "%s%c", space, letters[i]);
            join(b, spaced, (char[]){ letters[j], '\0' });
        }
    for (size_t j = 0; letters[j]; j++)
        for (size_t k = 0; letters[k]; k++)
            join(b, (char[]){ letters[0], letters[j], '\0' }, (char[]){ letters[k], '\0' });
}

static void add_single_letters(struct building *b, const char *space)
{
    if (has_room(b))
        add(b, space, NORMAL);
    for (char c = '!'; c <= '~' && has_room(b); c++)
        add(b, (char[]){ c, '\0' }, NORMAL);
}

static void build(struct building *b)
{
    bool is_bpe = strcmp(b->vocabulary->model, "gpt2") == 0;
    const char *space = is_bpe ? "\xc4\xa0" : "\xe2\x96\x81"; /* U+0120, U+2581 */
    if (is_bpe)
        add_visible_bytes(b);
    else
        add_numbered_bytes(b);
    if (!is_bpe)
        add_single_letters(b, space);
    add_joined(b, space);
    while (has_room(b))
        add(b, arena_printf(b->arena, "%sw%" PRIu32, space, b->n_tokens), NORMAL);
    push_specials(b);
}

static bool write_entries(const struct building *b, struct gguf_writer *w, struct error *err)
{
    const struct synth_vocabulary *v = b->vocabulary;
    bool is_bpe = strcmp(v->model, "gpt2") == 0;
    return gguf_write_string(w, "tokenizer.ggml.model", slice_of(v->model), err) &&
           (!v->pre || gguf_write_string(w, "tokenizer.ggml.pre", slice_of(v->pre), err)) &&
           gguf_write_strings(w, "tokenizer.ggml.tokens", b->tokens, b->n_tokens, err) &&
           gguf_write_array(w, "tokenizer.ggml.token_type", GGUF_I32, b->types, b->n_tokens, err) &&
           (is_bpe ||
            gguf_write_array(w, "tokenizer.ggml.scores", GGUF_F32, b->scores, b->n_tokens, err)) &&
           (!is_bpe ||
            gguf_write_strings(w, "tokenizer.ggml.merges", b->merges, b->n_merges, err)) &&
           (is_bpe || gguf_write_u32(w, "tokenizer.ggml.unknown_token_id", 0, err)) &&
           gguf_write_u32(w, "tokenizer.ggml.bos_token_id", v->bos, err) &&
           gguf_write_u32(w, "tokenizer.ggml.eos_token_id", v->eos, err) &&
           gguf_write_bool(w, "tokenizer.ggml.add_bos_token", v->add_bos, err) &&
           gguf_write_bool(w, "tokenizer.ggml.add_eos_token", false, err);
}

bool synth_vocabulary_write(const struct synth_vocabulary *vocabulary, struct gguf_writer *writer,
                            struct error *err)
{
    struct building b = { .vocabulary = vocabulary, .arena = arena_new(MOST_BYTES) };
    if (b.arena) {
        b.tokens = arena_alloc_array(b.arena, vocabulary->size, sizeof *b.tokens);
        b.types = arena_alloc_array(b.arena, vocabulary->size, sizeof *b.types);
        b.scores = arena_alloc_array(b.arena, vocabulary->size, sizeof *b.scores);
        b.merges = arena_alloc_array(b.arena, MOST_MERGES, sizeof *b.merges);
    }
    b.out_of_memory = !b.tokens || !b.types || !b.scores || !b.merges;
    if (!b.out_of_memory)
        build(&b);
    bool ok = !b.out_of_memory || fail_memory(err, MOST_BYTES, "a vocabulary");
    ok = ok && write_entries(&b, writer, err);
    arena_free(&b.arena);
    return ok;
}
