#include "runtime/grammar/value_spelling.h"

#include "base/utf8.h"
#include "runtime/grammar/json_text.h"

#include <math.h>

/* ---- JSON ---- */

static grammar_expr joined(struct grammar *g, grammar_expr a, grammar_expr b)
{
    grammar_expr parts[] = { a, b };
    return grammar_sequence(g, parts, 2);
}

/* Nothing, a space, or a line break and indentation. */
static grammar_expr white_space(struct grammar *g)
{
    static const struct code_points blank = { ' ', ' ' };
    grammar_expr lines = joined(g, grammar_bytes(g, slice_of("\n")),
                                grammar_repeat(g, grammar_class(g, &blank, 1, false), 0, 40));
    grammar_expr parts[] = { grammar_sequence(g, NULL, 0), grammar_bytes(g, slice_of(" ")), lines };
    grammar_rule rule = grammar_declare(g, slice_of("space"));
    grammar_define(g, rule, grammar_choice(g, parts, 3));
    return grammar_call(g, rule);
}

struct value_spelling json_spelling(struct grammar *g, enum json_spacing spacing)
{
    grammar_expr none = grammar_sequence(g, NULL, 0);
    grammar_expr space = spacing == JSON_SPACING_FREE ? white_space(g) : none;
    struct string_spelling strings = {
        .quote = slice_of("\""),
        .character = json_character,
        .spell = json_spell_characters,
        .any = grammar_repeat(g, json_character(g, NULL, 0, true), 0, UINT32_MAX),
    };
    return (struct value_spelling){
        .kinds = VALUE_ANY,
        .null = "null",
        .yes = "true",
        .no = "false",
        .strings = strings,
        .array_open = joined(g, grammar_bytes(g, slice_of("[")), space),
        .array_close = joined(g, space, grammar_bytes(g, slice_of("]"))),
        .object_open = joined(g, grammar_bytes(g, slice_of("{")), space),
        .object_close = joined(g, space, grammar_bytes(g, slice_of("}"))),
        .comma = joined(g, grammar_bytes(g, slice_of(",")), space),
        .names = strings,
        .member_open = none,
        .colon = joined(g, grammar_bytes(g, slice_of(":")), space),
        .member_close = none,
    };
}

/* ---- given values ---- */

unsigned value_kind(const struct json *value)
{
    double x = json_number(value, 0);
    switch (json_kind(value)) {
    case JSON_KIND_BOOL:
        return json_flag(value, false) ? VALUE_TRUE : VALUE_FALSE;
    case JSON_KIND_INTEGER:
    case JSON_KIND_LONG_INTEGER:
        return VALUE_INTEGER;
    case JSON_KIND_REAL:
        return x == floor(x) ? VALUE_INTEGER : VALUE_FRACTION;
    case JSON_KIND_STRING:
        return VALUE_STRING;
    case JSON_KIND_ARRAY:
        return VALUE_ARRAY;
    case JSON_KIND_OBJECT:
        return VALUE_OBJECT;
    default:
        return VALUE_NULL;
    }
}

static bool spell_string(struct text *out, const struct string_spelling *s, struct slice text,
                         bool *is_possible)
{
    bool ok = text_append_slice(out, s->quote);
    size_t begin = out->length;
    ok = ok && s->spell(out, text);
    struct slice body = { out->data ? out->data + begin : "", out->length - begin };
    if (ok && s->allowed)
        *is_possible = *is_possible && regular_has(s->allowed, body);
    return ok && text_append_slice(out, s->quote);
}

static bool spell_array(struct text *out, const struct value_spelling *inside,
                        const struct json *value, bool *is_possible)
{
    bool ok = text_append_byte(out, '[');
    for (size_t i = 0; ok && i < json_size(value); i++)
        ok = (i == 0 || text_append_byte(out, ',')) &&
             value_spell(out, inside, json_at(value, i), is_possible);
    return ok && text_append_byte(out, ']');
}

static bool spell_object(struct text *out, const struct value_spelling *spelling,
                         const struct value_spelling *inside, const struct json *value,
                         bool *is_possible)
{
    bool ok = text_append_byte(out, '{');
    for (const struct json_member *m = json_first(value); ok && m; m = json_next(value, m))
        ok = (m == json_first(value) || text_append_byte(out, ',')) &&
             spell_string(out, &spelling->names, json_member_key(m), is_possible) &&
             text_append_byte(out, ':') &&
             value_spell(out, inside, json_member_value(m), is_possible);
    return ok && text_append_byte(out, '}');
}

/* What JSON nests was limited when it was read. */
bool value_spell(struct text *out, const struct value_spelling *spelling, const struct json *value,
                 bool *is_possible)
{
    const struct value_spelling *inside = spelling->inside ? spelling->inside : spelling;
    unsigned kind = value_kind(value);
    *is_possible = *is_possible && (spelling->kinds & kind);
    if (!*is_possible)
        return true;
    switch (kind) {
    case VALUE_NULL:
        return text_append_string(out, spelling->null);
    case VALUE_TRUE:
        return text_append_string(out, spelling->yes);
    case VALUE_FALSE:
        return text_append_string(out, spelling->no);
    case VALUE_STRING:
        return spell_string(out, &spelling->strings, json_text(value), is_possible);
    case VALUE_ARRAY:
        return spell_array(out, inside, value, is_possible);
    case VALUE_OBJECT:
        if (spelling->member) /* arguments as a whole are never listed */
            *is_possible = false;
        return spell_object(out, spelling, inside, value, is_possible);
    default:
        return json_spell(out, value);
    }
}

/* ---- counted texts ---- */

bool regular_of(struct regular **out, struct grammar *own, grammar_expr e, struct error *err)
{
    *out = NULL;
    if (!own)
        return fail_memory(err, 0, "an automaton");
    grammar_rule root = grammar_declare(own, slice_of("text"));
    grammar_define(own, root, e);
    bool ok = grammar_finish(own, root, err) && regular_from(out, own, err);
    grammar_close(&own);
    return ok;
}

/* Exactly the allowed texts of so many characters. */
static bool counted_exactly(struct grammar *g, const struct string_spelling *s, uint32_t at_least,
                            uint32_t at_most, grammar_expr *out, struct error *err)
{
    struct grammar *own = grammar_new();
    struct regular *lengths = NULL, *both = NULL;
    grammar_expr e = own ? grammar_repeat(own, s->character(own, NULL, 0, true), at_least, at_most)
                         : GRAMMAR_NONE;
    bool ok = regular_of(&lengths, own, e, err) && regular_both(&both, s->allowed, lengths, err);
    if (ok)
        *out = regular_expr(g, both);
    regular_close(&lengths);
    regular_close(&both);
    return ok;
}

static uint32_t less(uint32_t count, uint32_t n)
{
    return count == UINT32_MAX ? count : count > n ? count - n : 0;
}

/* More than SPELLING_HEAD characters, of which a head is the beginning. */
static grammar_expr long_texts(struct grammar *g, const struct string_spelling *s,
                               uint32_t at_least, uint32_t at_most)
{
    struct code_points last[8];
    assert(s->n_avoided < COUNT_OF(last));
    if (s->n_avoided)
        memcpy(last, s->avoided, s->n_avoided * sizeof *last);
    last[s->n_avoided] = (struct code_points){ '\n', '\n' };
    grammar_expr parts[] = {
        regular_expr(g, s->heads),
        grammar_repeat(g, s->character(g, s->avoided, s->n_avoided, true),
                       less(at_least, SPELLING_HEAD + 1), less(at_most, SPELLING_HEAD + 1)),
        s->character(g, last, s->n_avoided + s->ends_are_cut, true),
    };
    return grammar_sequence(g, parts, 3);
}

bool string_spelling_counted(struct grammar *g, const struct string_spelling *s, uint32_t at_least,
                             uint32_t at_most, grammar_expr *out, struct error *err)
{
    enum { FEW = 2 * SPELLING_HEAD };
    grammar_expr choices[2] = { grammar_choice(g, NULL, 0), grammar_choice(g, NULL, 0) };
    if (!s->allowed || (at_least == 0 && at_most == UINT32_MAX)) {
        *out = s->allowed ? s->any
                          : grammar_repeat(g, s->character(g, NULL, 0, true), at_least, at_most);
        return true;
    }
    if (at_most <= FEW || (at_least <= FEW && at_most == UINT32_MAX))
        return counted_exactly(g, s, at_least, at_most, out, err);
    if (!s->heads) {
        *out =
            grammar_repeat(g, s->character(g, s->avoided, s->n_avoided, true), at_least, at_most);
        return true;
    }
    choices[1] = long_texts(g, s, at_least, at_most);
    if (at_least <= SPELLING_HEAD &&
        !counted_exactly(g, s, at_least, SPELLING_HEAD, &choices[0], err))
        return false;
    *out = grammar_choice(g, choices, 2);
    return true;
}
