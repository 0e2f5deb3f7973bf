#include "tokenizer/decoder.h"

#include "tokenizer/byte_level.h"

bool decoder_hides(const struct decoder *d, const struct vocabulary *v, token_id id)
{
    return v->types[id] == TOKEN_CONTROL || (d->hides_unknown && v->types[id] == TOKEN_UNKNOWN);
}

int decoder_byte(const struct decoder *d, const struct vocabulary *v, token_id id)
{
    if (!d->has_bytes || (d->hides_other_types && v->types[id] != TOKEN_BYTE))
        return -1;
    return byte_of_text(v->texts[id]);
}

static bool starts_with(struct slice text, struct slice prefix)
{
    return text.length >= prefix.length && memcmp(text.data, prefix.data, prefix.length) == 0;
}

/* `text` with every `from` replaced. An empty `from` is nowhere. */
static bool append_replaced(struct text *out, struct slice text, struct slice from, struct slice to)
{
    while (from.length && text.length) {
        const char *match = memmem(text.data, text.length, from.data, from.length);
        if (!match)
            break;
        size_t before = (size_t)(match - text.data);
        if (!text_append(out, text.data, before) || !text_append_slice(out, to))
            return false;
        text.data += before + from.length;
        text.length -= before + from.length;
    }
    return text_append_slice(out, text);
}

static bool append_replacements(const struct decoder *d, struct slice text, struct text *out)
{
    if (d->n_replacements == 0)
        return text_append_slice(out, text);
    if (d->n_replacements == 1)
        return append_replaced(out, text, d->replacements[0].from, d->replacements[0].to);
    struct text now, next;
    text_init(&now, out->limit);
    text_init(&next, out->limit);
    bool ok = text_append_slice(&now, text);
    for (size_t i = 0; ok && i < d->n_replacements; i++) {
        text_clear(&next);
        ok = append_replaced(&next, text_slice(&now), d->replacements[i].from,
                             d->replacements[i].to);
        struct text kept = now;
        now = next;
        next = kept;
    }
    ok = ok && text_append_slice(out, text_slice(&now));
    text_release(&now);
    text_release(&next);
    return ok;
}

static bool append_byte_level(struct slice text, struct text *out)
{
    bool is_outside;
    if (!byte_level_append_bytes(out, text, &is_outside))
        return false;
    return !is_outside || text_append_slice(out, text);
}

/* Hugging Face's list, applied to one token's text in this order. */
static bool append_word(struct slice text, bool is_parted, struct text *out)
{
    static const char *const pairs[][2] = {
        { " .", "." },   { " ?", "?" },     { " !", "!" },     { " ,", "," },
        { " ' ", "'" },  { " n't", "n't" }, { " 'm", "'m" },   { " do not", " don't" },
        { " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" },
    };
    struct text now, next;
    text_init(&now, out->limit);
    text_init(&next, out->limit);
    bool ok = (!is_parted || text_append_byte(&now, ' ')) && text_append_slice(&now, text);
    for (size_t i = 0; ok && i < COUNT_OF(pairs); i++) {
        text_clear(&next);
        ok = append_replaced(&next, text_slice(&now), slice_of(pairs[i][0]), slice_of(pairs[i][1]));
        struct text kept = now;
        now = next;
        next = kept;
    }
    ok = ok && text_append_slice(out, text_slice(&now));
    text_release(&now);
    text_release(&next);
    return ok;
}

static bool append_wordpiece(const struct decoder *d, struct slice text, bool is_first,
                             struct text *out)
{
    bool continues = !is_first && starts_with(text, d->continuation);
    if (continues) {
        text.data += d->continuation.length;
        text.length -= d->continuation.length;
    }
    bool is_parted = !is_first && !continues;
    if (d->cleans_words)
        return append_word(text, is_parted, out);
    return (!is_parted || text_append_byte(out, ' ')) && text_append_slice(out, text);
}

static bool append_piece(const struct decoder *d, const struct vocabulary *v, token_id id,
                         bool is_first, struct text *out)
{
    struct slice text = v->texts[id];
    uint8_t type = v->types[id];
    if (d->joins_with_spaces && !is_first && !text_append_byte(out, ' '))
        return false;
    if (type == TOKEN_UNKNOWN && d->unknown_text.length)
        return text_append_slice(out, d->unknown_text);
    if (d->writes_special_raw &&
        (type == TOKEN_CONTROL || type == TOKEN_UNKNOWN || type == TOKEN_USER_DEFINED))
        return text_append_slice(out, text);
    if (d->hides_other_types && type != TOKEN_NORMAL && type != TOKEN_CONTROL &&
        type != TOKEN_UNKNOWN && type != TOKEN_USER_DEFINED)
        return true;
    if (d->is_byte_level)
        return append_byte_level(text, out);
    if (d->continuation.length)
        return append_wordpiece(d, text, is_first, out);
    if (d->metaspace.length)
        return append_replaced(out, text, d->metaspace, slice_of(is_first ? "" : " "));
    return append_replacements(d, text, out);
}

bool decoder_append(const struct decoder *d, const struct vocabulary *v, token_id id, bool is_first,
                    struct text *out)
{
    size_t before = out->length;
    if (!append_piece(d, v, id, is_first, out))
        return false;
    if (d->strips_space && is_first && out->length > before && out->data[before] == ' ') {
        memmove(out->data + before, out->data + before + 1, out->length - before);
        out->length--;
    }
    return true;
}

/* Three passes, as in the vectors of GGUF vocabularies: " ?" " !" " ." " ," lose the space; an
 * apostrophe between spaces loses both; " 's" " 'm" " 're" " 've" lose the space. Each pass is a
 * small automaton that feeds the next. A stage's number says what it holds back. */
static bool third_pass(struct space_cleaner *c, char byte, struct text *out)
{
    enum { NOTHING, SPACE, QUOTE, QUOTE_R, QUOTE_V };
    static const char *const held[] = { "", " ", " '", " 'r", " 'v" };
    uint8_t state = c->stages[2];
    c->stages[2] = byte == ' ' ? SPACE : NOTHING;
    if (state == SPACE && byte == '\'')
        return (c->stages[2] = QUOTE, true);
    if (state == QUOTE && (byte == 'r' || byte == 'v'))
        return (c->stages[2] = byte == 'r' ? QUOTE_R : QUOTE_V, true);
    bool drops = (state == QUOTE && (byte == 's' || byte == 'm')) ||
                 ((state == QUOTE_R || state == QUOTE_V) && byte == 'e');
    return text_append_string(out, held[state] + (drops ? 1 : 0)) &&
           (byte == ' ' || text_append_byte(out, byte));
}

static bool second_pass(struct space_cleaner *c, char byte, struct text *out)
{
    enum { NOTHING, SPACE, QUOTE };
    uint8_t state = c->stages[1];
    c->stages[1] = byte == ' ' && state != QUOTE ? SPACE : NOTHING;
    if (state == SPACE && byte == '\'')
        return (c->stages[1] = QUOTE, true);
    if (state == QUOTE && byte == ' ')
        return third_pass(c, '\'', out);
    bool ok = state == NOTHING || third_pass(c, ' ', out);
    if (state == QUOTE)
        ok = ok && third_pass(c, '\'', out);
    return ok && (byte == ' ' || third_pass(c, byte, out));
}

static bool first_pass(struct space_cleaner *c, char byte, struct text *out)
{
    bool has_space = c->stages[0];
    c->stages[0] = byte == ' ';
    bool drops = byte == '?' || byte == '!' || byte == '.' || byte == ',';
    if (has_space && !drops && !second_pass(c, ' ', out))
        return false;
    return byte == ' ' || second_pass(c, byte, out);
}

bool space_cleaner_push(struct space_cleaner *cleaner, struct slice bytes, struct text *out)
{
    for (size_t i = 0; i < bytes.length; i++)
        if (!first_pass(cleaner, bytes.data[i], out))
            return false;
    return true;
}

bool space_cleaner_finish(struct space_cleaner *c, struct text *out)
{
    static const char *const second[] = { "", " ", " '" };
    static const char *const third[] = { "", " ", " '", " 'r", " 'v" };
    bool ok = !c->stages[0] || second_pass(c, ' ', out);
    for (const char *p = second[c->stages[1]]; ok && *p; p++)
        ok = third_pass(c, *p, out);
    ok = ok && text_append_string(out, third[c->stages[2]]);
    *c = (struct space_cleaner){ 0 };
    return ok;
}
