#include "tokenizer/wordpiece.h"

#include "tokenizer/unicode_text.h"

#include <utf8proc.h>

static bool begins_with(struct slice text, struct slice prefix)
{
    return text.length > prefix.length && memcmp(text.data, prefix.data, prefix.length) == 0;
}

static bool add_token(struct wordpiece *model, struct slice text, struct slice prefix, token_id id)
{
    if (!trie_add(&model->first, text, id))
        return false;
    if (model->marks_words || !begins_with(text, prefix))
        return true;
    struct slice rest = { text.data + prefix.length, text.length - prefix.length };
    return trie_add(&model->rest, rest, id);
}

bool wordpiece_init(struct wordpiece *model, const struct vocabulary *v, struct slice prefix,
                    const char *name, struct error *err)
{
    *model = (struct wordpiece){ .unknown = -1, .marks_words = prefix.length == 0 };
    for (size_t i = 0; i < v->count; i++) {
        struct slice text = v->texts[i];
        if (text.length > TRIE_MAX_KEY)
            return fail(err, ERROR_UNSUPPORTED,
                        "'%s': token %zu has %zu bytes, at most %d are supported", name, i,
                        text.length, TRIE_MAX_KEY);
        if (text.length && !add_token(model, text, prefix, (token_id)i))
            return fail_memory(err, v->count * 16, "a trie of tokens");
    }
    return true;
}

void wordpiece_release(struct wordpiece *model)
{
    trie_release(&model->first);
    trie_release(&model->rest);
}

static size_t count_characters(struct slice text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += ((uint8_t)text.data[i] & 0xc0) != 0x80;
    return count;
}

bool wordpiece_encode(const struct wordpiece *model, struct slice word, struct text *scratch,
                      struct token_list *out, struct error *err)
{
    if (word.length == 0)
        return true;
    if (model->marks_words) {
        text_clear(scratch);
        if (!text_append_string(scratch, "\xe2\x96\x81") || !text_append_slice(scratch, word))
            return fail_memory(err, word.length + 4, "a word");
        word = text_slice(scratch);
    }
    size_t before = out->count;
    bool is_known = !model->max_characters || count_characters(word) <= model->max_characters;
    for (size_t i = 0; is_known && i < word.length;) {
        int32_t id;
        struct slice rest = { word.data + i, word.length - i };
        const struct trie *trie = i == 0 || model->marks_words ? &model->first : &model->rest;
        size_t length = trie_longest(trie, rest, &id);
        is_known = length > 0;
        if (is_known && !token_list_push(out, id))
            return fail_memory(err, out->count * sizeof *out->ids, "token ids");
        i += length;
    }
    if (is_known)
        return true;
    out->count = before; /* one unknown part makes the whole word unknown */
    return model->unknown < 0 || token_list_push(out, model->unknown) ||
           fail_memory(err, out->count * sizeof *out->ids, "token ids");
}

/* The code point that its canonical decomposition begins with: the letter under the accents. */
static uint32_t base_letter(uint32_t c)
{
    utf8proc_int32_t parts[32];
    int boundary = 0;
    utf8proc_ssize_t n =
        utf8proc_decompose_char((utf8proc_int32_t)c, parts, 32, UTF8PROC_DECOMPOSE, &boundary);
    return n > 0 && n <= 32 ? (uint32_t)parts[0] : c;
}

bool wordpiece_normalize(struct text *out, struct slice text, bool lowers, bool strips_accents)
{
    bool ok = true;
    for (size_t i = 0, length; ok && i < text.length; i += length) {
        uint32_t c = code_point_at(text, i, &length);
        if (strips_accents)
            c = base_letter(c);
        if (is_white_space(c)) {
            ok = text_append_byte(out, ' ');
            continue;
        }
        bool is_hidden = c == 0 || c == 0xfffd || (is_other(c) && is_assigned(c));
        if (is_hidden || (strips_accents && is_mark(c)))
            continue;
        bool is_apart = is_punctuation(c) || (c < 0x7f && is_symbol(c)) || is_bert_ideograph(c);
        ok = (!is_apart || text_append_byte(out, ' ')) &&
             append_code_point(out, lowers ? to_lower(c) : c) &&
             (!is_apart || text_append_byte(out, ' '));
    }
    return ok;
}
