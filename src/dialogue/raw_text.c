#include "dialogue/raw_text.h"

#include "dialogue/free_text.h"
#include "dialogue/json_without.h"

/* White space that is passed over before a bracket. */
#define BLANK "[\\s\\x1c-\\x1f\\x85]"

unsigned raw_text_kinds(const struct argument_types *types)
{
    bool is_only_boolean = types->is_boolean && types->count == 1;
    return VALUE_NULL | (types->is_boolean ? VALUE_BOOLEAN : 0) |
           (types->is_integer ? VALUE_INTEGER : 0) | (types->is_number ? VALUE_NUMBER : 0) |
           (types->is_array ? VALUE_ARRAY : 0) | (types->is_object ? VALUE_OBJECT : 0) |
           (is_only_boolean ? 0 : VALUE_STRING);
}

/* A pattern of the texts that are read otherwise. */
static bool write_misread(struct text *out, const struct argument_types *types, bool ends_are_cut)
{
    return text_append_string(out, "^[nN][uU][lL][lL]$") &&
           (!types->is_boolean ||
            text_append_string(out, "|^([tT][rR][uU]|[fF][aA][lL][sS])[eE]$")) &&
           (!types->is_integer || text_append_string(out, "|^[+-]?[0-9]+$")) &&
           (!types->is_number ||
            text_append_string(out, "|^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$")) &&
           (!types->is_array || text_append_string(out, "|^" BLANK "*\\[")) &&
           (!types->is_object || text_append_string(out, "|^" BLANK "*\\{")) &&
           (!ends_are_cut || text_append_string(out, "|^\\n|\\n$"));
}

/* A pattern of the beginnings, of SPELLING_HEAD characters, of texts that may be read otherwise. */
static bool write_bad_heads(struct text *out, const struct argument_types *types, bool ends_are_cut)
{
    bool is_numeric = types->is_integer || types->is_number;
    bool has_brackets = types->is_array || types->is_object;
    static_assert(SPELLING_HEAD == 8, "the patterns say so");
    return text_append_string(out, "^$") &&
           (!is_numeric || text_append_string(out, "|^[0-9+\\-.eE]{8}$")) &&
           (!has_brackets || text_append_string(out, "|^" BLANK "*[\\[{]|^" BLANK "{8}$")) &&
           (!ends_are_cut || text_append_string(out, "|^\\n"));
}

/* r = r without the texts of a pattern. */
static bool take_away(struct regular **r, const struct text *pattern, struct error *err)
{
    struct grammar *own = grammar_new();
    struct regular *other = NULL, *rest = NULL;
    grammar_expr e = GRAMMAR_NONE;
    if (!own)
        return fail_memory(err, 0, "a grammar");
    if (!pattern_expr(own, text_slice(pattern), grammar_class, &e, err)) {
        grammar_close(&own);
        return false;
    }
    bool ok = regular_of(&other, own, e, err) && regular_without(&rest, *r, other, err);
    regular_close(&other);
    if (ok) {
        regular_close(r);
        *r = rest;
    }
    return ok;
}

static bool make_allowed(struct raw_text *raw, const struct argument_types *types,
                         const struct marks *marks, bool ends_are_cut, struct error *err)
{
    struct text_limits limits = { .absent = marks->items, .n_absent = marks->count };
    struct text pattern;
    text_init(&pattern, SIZE_MAX);
    bool ok = write_misread(&pattern, types, ends_are_cut)
                  ? free_text(&raw->allowed, grammar_class, &limits, err) &&
                        take_away(&raw->allowed, &pattern, err)
                  : fail_memory(err, pattern.length, "a pattern");
    text_release(&pattern);
    return ok;
}

static bool make_heads(struct raw_text *raw, const struct argument_types *types, bool ends_are_cut,
                       struct error *err)
{
    struct grammar *own = grammar_new();
    struct text pattern;
    text_init(&pattern, SIZE_MAX);
    grammar_expr safe =
        own ? grammar_class(own, mark_beginnings, COUNT_OF(mark_beginnings), true) : GRAMMAR_NONE;
    grammar_expr head = own ? grammar_repeat(own, safe, SPELLING_HEAD, SPELLING_HEAD) : safe;
    bool ok = regular_of(&raw->heads, own, head, err);
    if (ok)
        ok = write_bad_heads(&pattern, types, ends_are_cut)
                 ? take_away(&raw->heads, &pattern, err)
                 : fail_memory(err, pattern.length, "a pattern");
    text_release(&pattern);
    return ok;
}

static bool spell_as_is(struct text *out, struct slice text)
{
    return text_append_slice(out, text);
}

bool raw_text_init(struct raw_text *out, struct grammar *g, const struct argument_types *types,
                   const struct marks *marks, bool ends_are_cut, struct error *err)
{
    *out = (struct raw_text){ .allowed = NULL };
    if (!make_allowed(out, types, marks, ends_are_cut, err) ||
        !make_heads(out, types, ends_are_cut, err))
        return false;
    out->spelling = (struct string_spelling){
        .character = grammar_class,
        .spell = spell_as_is,
        .allowed = out->allowed,
        .any = regular_expr(g, out->allowed),
        .heads = out->heads,
        .avoided = mark_beginnings,
        .n_avoided = COUNT_OF(mark_beginnings),
        .ends_are_cut = ends_are_cut,
    };
    return true;
}

void raw_text_release(struct raw_text *raw)
{
    regular_close(&raw->allowed);
    regular_close(&raw->heads);
}
