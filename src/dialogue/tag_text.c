#include "dialogue/tag_text.h"

#include "base/utf8.h"
#include "chat/output_parser.h"
#include "base/slice_text.h"
#include "runtime/constraint.h"

enum { CONTROL_BYTES = 64 }; /* longer texts are no control tokens */

/* How many bytes of control token `text` begins with. */
static size_t control_length(const struct tokenizer *tokenizer, struct slice text)
{
    for (size_t n = size_min(text.length, CONTROL_BYTES); tokenizer && n > 0; n--) {
        token_id id = tokenizer_find(tokenizer, slice_to(text, n));
        if (id >= 0 && tokenizer_is_special(tokenizer, id))
            return n;
    }
    return 0;
}

bool tag_write(struct text *out, const struct tokenizer *tokenizer, struct slice tag)
{
    bool ok = true;
    for (size_t i = 0, n; ok && i < tag.length; i += n) {
        size_t control = control_length(tokenizer, slice_from(tag, i));
        n = control ? control : 1;
        ok = (!control || text_append_string(out, CONSTRAINT_CONTROL)) &&
             text_append(out, tag.data + i, n);
    }
    return ok;
}

grammar_expr tag_expr(struct grammar *g, const struct tokenizer *tokenizer, struct slice tag)
{
    struct text bytes;
    text_init(&bytes, SIZE_MAX);
    grammar_expr e =
        tag_write(&bytes, tokenizer, tag) ? grammar_bytes(g, text_slice(&bytes)) : GRAMMAR_NONE;
    text_release(&bytes);
    return e;
}

/* ---- marks ---- */

void marks_add_text(struct marks *marks, struct slice text)
{
    if (text.length == 0)
        return;
    for (size_t i = 0; i < marks->count; i++)
        if (slice_equal(marks->items[i], text))
            return;
    if (marks->count == MAX_MARKS)
        marks->is_full = true;
    else
        marks->items[marks->count++] = text;
}

static bool is_capital(char c)
{
    return (c >= 'A' && c <= 'Z') || c == '_' || c == '/';
}

/* The bytes of the mark that `text` begins with: up to '>' or the next mark, or to the end of the
 * tag; capitals in brackets. */
static size_t mark_length(struct slice text)
{
    size_t n = 1;
    if (text.data[0] == '<') {
        while (n < text.length && text.data[n] != '>' && text.data[n] != '<')
            n++;
        n += n < text.length && text.data[n] == '>';
        return n > 2 ? n : 0;
    }
    while (text.data[0] == '[' && n < text.length && is_capital(text.data[n]))
        n++;
    return n > 2 && n < text.length && text.data[n] == ']' ? n + 1 : 0;
}

void marks_add(struct marks *marks, struct slice tag)
{
    for (size_t i = 0, n; i < tag.length; i += n ? n : 1) {
        n = mark_length(slice_from(tag, i));
        if (n)
            marks_add_text(marks, (struct slice){ tag.data + i, n });
    }
}

void marks_add_family(struct marks *marks, const char *family)
{
    const struct output_family_facts *facts = family ? output_family_find(family) : NULL;
    for (const char *const *tag = facts ? facts->preserved : NULL; tag && *tag; tag++)
        marks_add(marks, slice_of(*tag));
}

/* Rare in texts, if the mark has such a one. */
static uint32_t telling_character(struct slice mark)
{
    static const char rare[] = "<[|";
    for (const char *c = rare; *c; c++)
        if (memchr(mark.data, *c, mark.length))
            return (uint8_t)*c;
    size_t n = utf8_length((const uint8_t *)mark.data, mark.length);
    return n ? utf8_decode((const uint8_t *)mark.data, n) : 0xFFFD;
}

bool marks_avoid(const struct marks *marks, struct code_points avoided[MAX_AVOIDED], size_t *n,
                 struct error *err)
{
    *n = 0;
    for (size_t i = 0; i < marks->count && *n <= MAX_AVOIDED; i++) {
        uint32_t c = telling_character(marks->items[i]);
        size_t k = 0;
        while (k < *n && avoided[k].first != c)
            k++;
        if (k < MAX_AVOIDED)
            avoided[k] = (struct code_points){ c, c };
        *n = size_max(*n, k + 1);
    }
    return (*n <= MAX_AVOIDED && !marks->is_full) ||
           fail(err, ERROR_UNSUPPORTED,
                "the answers of this model have more than %d tags, of %d kinds", MAX_MARKS,
                MAX_AVOIDED);
}
