#include "tokenizer/normalizer.h"

#include "base/interruption.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "tokenizer/byte_level.h"
#include "tokenizer/unicode_text.h"

#include <utf8proc.h>

static const char ESCAPED_SPACE[] = "\xe2\x96\x81";

void normalizer_release(struct normalizer *n)
{
    for (size_t i = 0; i < n->n_steps; i++)
        expression_free(&n->steps[i].expression);
    n->n_steps = 0;
}

bool normalizer_add(struct normalizer *n, struct normalizer_step step, struct error *err)
{
    if (n->n_steps == MAX_NORMALIZER_STEPS) {
        expression_free(&step.expression);
        return fail(err, ERROR_UNSUPPORTED, "the normalizer has more than %d steps",
                    MAX_NORMALIZER_STEPS);
    }
    n->steps[n->n_steps++] = step;
    return true;
}

static bool is_ascii(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if ((uint8_t)text.data[i] >= 0x80)
            return false;
    return true;
}

/* A normal form by utf8proc, whose decompositions at most multiply the length by 18. */
static bool run_form(struct text *out, struct slice text, int options)
{
    if (is_ascii(text))
        return text_append_slice(out, text);
    utf8proc_option_t flags = (utf8proc_option_t)(UTF8PROC_STABLE | options);
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)text.data;
    utf8proc_ssize_t count = utf8proc_decompose(p, (utf8proc_ssize_t)text.length, NULL, 0, flags);
    if (count < 0)
        return false;
    utf8proc_int32_t *buffer = memory_resize(NULL, ((size_t)count + 1) * sizeof *buffer);
    if (!buffer)
        return false;
    bool ok = utf8proc_decompose(p, (utf8proc_ssize_t)text.length, buffer, count, flags) == count;
    utf8proc_ssize_t length = ok ? utf8proc_reencode(buffer, count, flags) : -1;
    ok = length >= 0 && text_append(out, buffer, (size_t)length);
    memory_free(buffer);
    return ok;
}

static bool append_lower(struct text *out, uint32_t c)
{
    /* The one letter whose full lower case has two code points whatever stands around it. */
    if (c == 0x130)
        return text_append_string(out, "i\xcc\x87");
    return append_code_point(out, to_lower(c));
}

static bool run_lowercase(struct text *out, struct slice text)
{
    bool ok = true;
    for (size_t i = 0, length; ok && i < text.length; i += length)
        ok = append_lower(out, code_point_at(text, i, &length));
    return ok;
}

static bool run_drop(struct text *out, struct slice text, bool (*drops)(uint32_t c))
{
    bool ok = true;
    for (size_t i = 0, length; ok && i < text.length; i += length) {
        uint32_t c = code_point_at(text, i, &length);
        ok = drops(c) || text_append(out, text.data + i, length);
    }
    return ok;
}

static bool run_strip(const struct normalizer_step *step, struct text *out, struct slice text)
{
    size_t from = 0, to = 0;
    bool is_leading = step->strips_left;
    for (size_t i = 0, length; i < text.length; i += length) {
        bool is_space = is_white_space(code_point_at(text, i, &length));
        is_leading = is_leading && is_space;
        if (is_leading)
            from = i + length;
        if (!is_space || !step->strips_right)
            to = i + length;
    }
    return to <= from || text_append(out, text.data + from, to - from);
}

static bool run_replace(const struct normalizer_step *step, struct text *out, struct slice text,
                        struct matcher *matcher, struct error *err)
{
    size_t done = 0;
    for (size_t at = 0; at <= text.length;) {
        bool found;
        size_t from, to;
        if (!matcher_find(matcher, step->expression, text, at, &found, &from, &to, err))
            return false;
        if (!found)
            break;
        if (!text_append(out, text.data + done, from - done) ||
            !text_append_slice(out, step->content))
            return fail_memory(err, out->length, "a normalized text");
        done = to;
        at = to;
        if (from == to) {
            at++;
            while (at < text.length && ((uint8_t)text.data[at] & 0xc0) == 0x80)
                at++;
        }
    }
    return text_append(out, text.data + done, text.length - done) ||
           fail_memory(err, out->length, "a normalized text");
}

static bool bert_drops(uint32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return false;
    return c == 0 || c == 0xfffd || is_other(c);
}

static bool run_bert_clean(const struct normalizer_step *step, struct text *out, struct slice text)
{
    bool ok = true;
    for (size_t i = 0, length; ok && i < text.length; i += length) {
        uint32_t c = code_point_at(text, i, &length);
        if (step->cleans && bert_drops(c))
            continue;
        bool is_apart = step->parts_ideographs && is_bert_ideograph(c);
        if (step->cleans && is_white_space(c))
            ok = text_append_byte(out, ' ');
        else
            ok = (!is_apart || text_append_byte(out, ' ')) &&
                 text_append(out, text.data + i, length) &&
                 (!is_apart || text_append_byte(out, ' '));
    }
    return ok;
}

static void swap(struct text *a, struct text *b)
{
    struct text kept = *a;
    *a = *b;
    *b = kept;
}

/* BERT: cleaned and parted, then decomposed without accents, then in lower case. */
static bool run_bert(const struct normalizer_step *step, struct text *out, struct slice text)
{
    struct text spare;
    text_init(&spare, out->limit);
    bool ok = run_bert_clean(step, out, text);
    if (ok && step->strips_accents) {
        ok = run_form(&spare, text_slice(out), UTF8PROC_DECOMPOSE);
        text_clear(out);
        ok = ok && run_drop(out, text_slice(&spare), is_nonspacing_mark);
    }
    if (ok && step->lowers) {
        text_clear(&spare);
        ok = run_lowercase(&spare, text_slice(out));
        swap(out, &spare);
    }
    text_release(&spare);
    return ok;
}

static bool nmt_drops(uint32_t c)
{
    return (c >= 1 && c <= 8) || c == 0xb || (c >= 0xe && c <= 0x1f) || c == 0x7f || c == 0x8f ||
           c == 0x9f;
}

static bool nmt_is_space(uint32_t c)
{
    return c == 9 || c == 0xa || c == 0xc || c == 0xd || c == 0x1680 ||
           (c >= 0x200b && c <= 0x200f) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
           c == 0xfeff || c == 0xfffd;
}

static bool run_nmt(struct text *out, struct slice text)
{
    bool ok = true;
    for (size_t i = 0, length; ok && i < text.length; i += length) {
        uint32_t c = code_point_at(text, i, &length);
        if (!nmt_drops(c))
            ok = nmt_is_space(c) ? text_append_byte(out, ' ')
                                 : text_append(out, text.data + i, length);
    }
    return ok;
}

/* The end of the grapheme that begins at `i`. */
static size_t grapheme_end(struct slice text, size_t i)
{
    size_t length;
    utf8proc_int32_t state = 0;
    uint32_t c = code_point_at(text, i, &length);
    for (i += length; i < text.length; i += length) {
        uint32_t next = code_point_at(text, i, &length);
        if (utf8proc_grapheme_break_stateful((utf8proc_int32_t)c, (utf8proc_int32_t)next, &state))
            break;
        c = next;
    }
    return i;
}

/* Hugging Face looks graphemes below 6 bytes up as a whole, by the shortest key that they begin
 * with (which replaces all of it), and otherwise character by character. */
static bool run_precompiled(const struct normalizer_step *step, struct text *out, struct slice text)
{
    for (size_t i = 0; i < text.length;) {
        size_t end = grapheme_end(text, i);
        struct slice replacement, grapheme = { text.data + i, end - i };
        if (grapheme.length < 6 && charsmap_find(&step->charsmap, grapheme, true, &replacement)) {
            if (!text_append_slice(out, replacement))
                return false;
            i = end;
            continue;
        }
        for (size_t length; i < end; i += length) {
            (void)code_point_at(text, i, &length);
            struct slice character = { text.data + i, length };
            if (!charsmap_find(&step->charsmap, character, true, &replacement))
                replacement = character;
            if (!text_append_slice(out, replacement))
                return false;
        }
    }
    return true;
}

/* What the text at `i` is replaced by and how much of it: a user-defined token as it stands, the
 * longest key of the character map, one character, or U+FFFD for a byte that begins none. */
static size_t sentencepiece_prefix(const struct normalizer_step *step, struct slice text, size_t i,
                                   struct slice *replacement)
{
    struct slice rest = { text.data + i, text.length - i };
    int32_t id;
    size_t length = step->user_defined ? trie_longest(step->user_defined, rest, &id) : 0;
    if (length) {
        *replacement = (struct slice){ rest.data, length };
        return length;
    }
    length = charsmap_find(&step->charsmap, rest, false, replacement);
    if (length)
        return length;
    length = utf8_length((const uint8_t *)rest.data, rest.length);
    *replacement = length ? (struct slice){ rest.data, length } : slice_of("\xef\xbf\xbd");
    return length ? length : 1;
}

static bool run_sentencepiece(const struct normalizer_step *step, struct text *out,
                              struct slice text, bool is_continued)
{
    struct slice space = slice_of(step->escapes ? ESCAPED_SPACE : " ");
    /* Spaces after a space vanish, also those in front. */
    bool was_space = step->removes_extra && !is_continued;
    bool has_prefix = !step->adds_prefix || is_continued;
    size_t end = 0; /* of what is not trailing space */
    for (size_t i = 0; i < text.length;) {
        struct slice part;
        i += sentencepiece_prefix(step, text, i, &part);
        for (size_t j = 0; j < part.length; j++) {
            bool is_space = part.data[j] == ' ';
            if (is_space && step->removes_extra && was_space)
                continue;
            if (!has_prefix && !text_append_slice(out, space))
                return false;
            has_prefix = true;
            if (is_space ? !text_append_slice(out, space) : !text_append_byte(out, part.data[j]))
                return false;
            was_space = is_space;
            if (!is_space || !step->removes_extra)
                end = out->length;
        }
    }
    if (step->removes_extra)
        out->length = end;
    return true;
}

static bool run_step(const struct normalizer_step *step, struct text *out, struct slice text,
                     bool is_continued)
{
    switch (step->kind) {
    case NORMALIZE_NFC:
        return run_form(out, text, UTF8PROC_COMPOSE);
    case NORMALIZE_NFD:
        return run_form(out, text, UTF8PROC_DECOMPOSE);
    case NORMALIZE_NFKC:
        return run_form(out, text, UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    case NORMALIZE_NFKD:
        return run_form(out, text, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT);
    case NORMALIZE_LOWERCASE:
        return run_lowercase(out, text);
    case NORMALIZE_STRIP_ACCENTS:
        return run_drop(out, text, is_mark);
    case NORMALIZE_STRIP:
        return run_strip(step, out, text);
    case NORMALIZE_PREPEND:
        return text.length == 0 || ((is_continued || text_append_slice(out, step->content)) &&
                                    text_append_slice(out, text));
    case NORMALIZE_BERT:
        return run_bert(step, out, text);
    case NORMALIZE_NMT:
        return run_nmt(out, text);
    case NORMALIZE_BYTE_LEVEL:
        return byte_level_append(out, text);
    case NORMALIZE_PRECOMPILED:
        return run_precompiled(step, out, text);
    case NORMALIZE_SENTENCEPIECE:
        return run_sentencepiece(step, out, text, is_continued);
    case NORMALIZE_REPLACE:
        break; /* needs a matcher: normalizer_run */
    }
    return false;
}

bool normalizer_run(const struct normalizer *n, struct slice text, bool is_continued,
                    struct text *out, struct text *spare, struct matcher *matcher,
                    struct error *err)
{
    /* No step that a text needs multiplies its length by more than 18 (NFKC of U+FDFA); a hostile
     * file's may. */
    size_t limit = ((size_t)64 << 20) + text.length * 64;
    out->limit = spare->limit = limit;
    text_clear(out);
    if (!text_append_slice(out, text))
        return fail_memory(err, text.length, "a normalized text");
    for (size_t i = 0; i < n->n_steps; i++) {
        const struct normalizer_step *step = &n->steps[i];
        text_clear(spare);
        if (!interruption_check(err))
            return false;
        if (step->kind == NORMALIZE_REPLACE) {
            if (!run_replace(step, spare, text_slice(out), matcher, err))
                return false;
        } else if (!run_step(step, spare, text_slice(out), is_continued)) {
            return fail(err, ERROR_MEMORY,
                        "normalizing %zu bytes needs more than the %zu bytes there are",
                        text.length, limit);
        }
        swap(out, spare);
    }
    return true;
}
