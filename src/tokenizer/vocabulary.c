#include "tokenizer/vocabulary.h"

#include "base/memory.h"
#include "base/table.h"

bool vocabulary_init(struct vocabulary *v, size_t count, bool has_scores, struct error *err)
{
    *v = (struct vocabulary){ 0 };
    if (count == 0)
        return fail(err, ERROR_FORMAT, "the vocabulary is empty");
    if (count > MAX_VOCABULARY)
        return fail(err, ERROR_FORMAT, "the vocabulary has %zu tokens, at most %d are supported",
                    count, MAX_VOCABULARY);
    v->count = count;
    v->texts = memory_zeroed(count, sizeof *v->texts);
    v->types = memory_zeroed(count, sizeof *v->types);
    v->is_end = memory_zeroed(count, sizeof *v->is_end);
    if (has_scores)
        v->scores = memory_zeroed(count, sizeof *v->scores);
    if (!v->texts || !v->types || !v->is_end || (has_scores && !v->scores)) {
        vocabulary_release(v);
        return fail_memory(err, count * sizeof *v->texts, "a vocabulary");
    }
    memset(v->types, TOKEN_NORMAL, count);
    for (size_t i = 0; i < 256; i++)
        v->bytes[i] = -1;
    return true;
}

void vocabulary_release(struct vocabulary *v)
{
    memory_free(v->texts);
    memory_free(v->types);
    memory_free(v->scores);
    memory_free(v->is_end);
    memory_free(v->slots);
    *v = (struct vocabulary){ 0 };
}

static const uint64_t HASH_HALF = 0xffffffff00000000u;

/* The slot that holds `text`, or the free one where it belongs. */
static uint64_t *slot_of(const struct vocabulary *v, struct slice text, uint64_t hash)
{
    for (size_t i = hash & v->mask;; i = (i + 1) & v->mask) {
        uint64_t slot = v->slots[i];
        if (slot == 0)
            return &v->slots[i];
        if ((slot & HASH_HALF) == (hash & HASH_HALF) &&
            slice_equal(v->texts[(uint32_t)slot - 1], text))
            return &v->slots[i];
    }
}

token_id vocabulary_find(const struct vocabulary *v, struct slice text)
{
    if (v->mask == 0 || text.length == 0 || text.length > v->longest)
        return -1;
    return (token_id)(uint32_t)*slot_of(v, text, hash_bytes(text.data, text.length)) - 1;
}

void vocabulary_find_many(const struct vocabulary *v, const struct slice *texts, size_t count,
                          token_id *ids)
{
    uint64_t hashes[MAX_FIND_MANY];
    assert(count <= MAX_FIND_MANY && v->mask);
    for (size_t i = 0; i < count; i++) {
        hashes[i] = hash_bytes(texts[i].data, texts[i].length);
        __builtin_prefetch(&v->slots[hashes[i] & v->mask]);
    }
    for (size_t i = 0; i < count; i++) { /* the first slot is mostly the right one */
        uint64_t slot = v->slots[hashes[i] & v->mask];
        ids[i] = slot ? (token_id)((uint32_t)slot - 1) : 0;
        __builtin_prefetch(&v->texts[ids[i]]);
    }
    for (size_t i = 0; i < count; i++)
        __builtin_prefetch(v->texts[ids[i]].data);
    for (size_t i = 0; i < count; i++)
        ids[i] = texts[i].length ? (token_id)(uint32_t)*slot_of(v, texts[i], hashes[i]) - 1 : -1;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int byte_of_text(struct slice text)
{
    if (text.length != 6 || memcmp(text.data, "<0x", 3) != 0 || text.data[5] != '>')
        return -1;
    int high = hex_digit(text.data[3]), low = hex_digit(text.data[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool vocabulary_add(struct vocabulary *v, token_id id, struct slice text, const char *name,
                    struct error *err)
{
    uint64_t hash = hash_bytes(text.data, text.length);
    uint64_t *slot = slot_of(v, text, hash);
    if (*slot)
        return fail(err, ERROR_FORMAT, "'%s': tokens %u and %d are both '%s'", name,
                    (uint32_t)*slot - 1, id, printable(text));
    *slot = (hash & HASH_HALF) | ((uint64_t)id + 1);
    v->texts[id] = text;
    v->longest = size_max(v->longest, text.length);
    int byte = byte_of_text(text);
    if (byte >= 0)
        v->bytes[byte] = id;
    return true;
}

bool vocabulary_index(struct vocabulary *v, const char *name, struct error *err)
{
    size_t capacity = 16;
    while (capacity < v->count + v->count / 2)
        capacity *= 2;
    v->slots = memory_zeroed(capacity, sizeof *v->slots);
    if (!v->slots)
        return fail_memory(err, capacity * sizeof *v->slots, "a vocabulary's table");
    v->mask = capacity - 1;
    for (size_t i = 0; i < v->count; i++)
        if (v->texts[i].length && !vocabulary_add(v, (token_id)i, v->texts[i], name, err))
            return false;
    return true;
}

/* Texts that published models give to control tokens whatever type a converter wrote down, and
 * whether one ends a turn. Written in a prompt they must not act as control tokens, so the type is
 * set right where it is wrong. */
static const struct control_text {
    const char *text;
    bool is_end;
} control_texts[] = {
    { "</s>", true },
    { "<|eot_id|>", true },
    { "<|im_end|>", true },
    { "<|end|>", true },
    { "<|return|>", true },
    { "<|call|>", true },
    { "<|calls|>", true },
    { "<|flush|>", true },
    { "<end_of_turn>", true },
    { "<|end_of_turn|>", true },
    { "<|endoftext|>", true },
    { "<|end_of_text|>", true },
    { "<|eom_id|>", true },
    { "<EOT>", true },
    { "_<EOT>", true },
    { "▁<EOT>", true },
    { "[EOT]", true },
    { "[EOS]", true },
    { "<eos>", true },
    { "<end_of_utterance>", true },
    { "<turn|>", true },
    { "<|tool_response>", true },
    { "[e~[", true },
    { "<｜end▁of▁sentence｜>", true },
    { "<|fim_prefix|>", false },
    { "<fim-prefix>", false },
    { "<fim_prefix>", false },
    { "<｜fim▁begin｜>", false },
    { "<PRE>", false },
    { "▁<PRE>", false },
    { "<|code_prefix|>", false },
    { "<|fim_suffix|>", false },
    { "<fim-suffix>", false },
    { "<fim_suffix>", false },
    { "<｜fim▁hole｜>", false },
    { "<SUF>", false },
    { "▁<SUF>", false },
    { "<|code_suffix|>", false },
    { "<|fim_middle|>", false },
    { "<fim-middle>", false },
    { "<fim_middle>", false },
    { "<｜fim▁end｜>", false },
    { "<MID>", false },
    { "▁<MID>", false },
    { "<|code_middle|>", false },
    { "<|fim_pad|>", true },
    { "<fim-pad>", true },
    { "<fim_pad>", true },
    { "<|fim_repo|>", true },
    { "<|repo_name|>", true },
    { "<fim-repo>", true },
    { "<reponame>", true },
    { "<|file_sep|>", true },
};

void vocabulary_mark_controls(struct vocabulary *v)
{
    for (size_t i = 0; i < COUNT_OF(control_texts); i++) {
        token_id id = vocabulary_find(v, slice_of(control_texts[i].text));
        if (id >= 0)
            v->types[id] = TOKEN_CONTROL;
    }
}

void vocabulary_find_ends(struct vocabulary *v)
{
    for (size_t i = 0; i < COUNT_OF(control_texts); i++) {
        token_id id = vocabulary_find(v, slice_of(control_texts[i].text));
        if (control_texts[i].is_end && id >= 0 && v->types[id] == TOKEN_CONTROL)
            v->is_end[id] = true;
    }
    /* In OpenAI's harmony format (and Solar's) "<|end|>" ends a message inside a turn that goes on.
     */
    token_id end = vocabulary_find(v, slice_of("<|end|>"));
    bool has_call = vocabulary_find(v, slice_of("<|call|>")) >= 0 ||
                    vocabulary_find(v, slice_of("<|calls|>")) >= 0;
    bool has_return = vocabulary_find(v, slice_of("<|return|>")) >= 0 ||
                      vocabulary_find(v, slice_of("<|flush|>")) >= 0;
    if (end >= 0 && has_call && has_return)
        v->is_end[end] = false;
    /* Gemma 4 has "</s>" as plain text. */
    token_id s = vocabulary_find(v, slice_of("</s>"));
    if (s >= 0 && vocabulary_find(v, slice_of("<|tool_response>")) >= 0)
        v->is_end[s] = false;
}
