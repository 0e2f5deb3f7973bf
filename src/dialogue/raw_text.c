#include "dialogue/raw_text.h"

/* White space that is passed over before a bracket, and around JSON. */
#define BLANK      "[\\s\\x1c-\\x1f\\x85]"
#define JSON_BLANK "[ \\t\\r\\n]"
#define NUMBER     "[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?"

bool raw_readings_equal(const struct raw_reading *a, const struct raw_reading *b)
{
    const struct argument_types *x = &a->types, *y = &b->types;
    return a->by_family == b->by_family && a->ends_are_cut == b->ends_are_cut &&
           x->is_boolean == y->is_boolean && x->is_integer == y->is_integer &&
           x->is_number == y->is_number && x->is_array == y->is_array &&
           x->is_object == y->is_object && x->is_string == y->is_string &&
           x->is_null == y->is_null && size_min(x->count, 2) == size_min(y->count, 2);
}

/* All texts are strings. */
static bool is_text_only(const struct raw_reading *r)
{
    return !r->by_family && argument_is_text(&r->types);
}

/* What is JSON is that. */
static bool is_any_json(const struct raw_reading *r)
{
    return !r->by_family && r->types.count == 0;
}

unsigned raw_reading_kinds(const struct raw_reading *r)
{
    const struct argument_types *t = &r->types;
    if (is_any_json(r))
        return VALUE_ANY;
    if (is_text_only(r))
        return VALUE_STRING;
    bool is_only_boolean = t->is_boolean && t->count == 1;
    return VALUE_NULL | (t->is_boolean ? VALUE_BOOLEAN : 0) | (t->is_integer ? VALUE_INTEGER : 0) |
           (t->is_number ? VALUE_NUMBER : 0) | (t->is_array ? VALUE_ARRAY : 0) |
           (t->is_object ? VALUE_OBJECT : 0) | (is_only_boolean ? 0 : VALUE_STRING);
}

/* ---- what is read otherwise ---- */

/* Add a pattern to alternatives. */
static bool add(struct text *out, const char *pattern)
{
    return (out->length == 0 || text_append_byte(out, '|')) && text_append_string(out, pattern);
}

static bool write_misread(struct text *out, const struct raw_reading *r)
{
    const struct argument_types *t = &r->types;
    bool ok = !r->ends_are_cut || add(out, "^\\n|\\n$");
    if (is_text_only(r))
        return ok;
    if (is_any_json(r))
        return ok && add(out, "^" JSON_BLANK "*(true|false|null|" NUMBER ")" JSON_BLANK "*$") &&
               add(out, "^" JSON_BLANK "*[\\[{]");
    return ok && add(out, "^[nN][uU][lL][lL]$|^None$") &&
           (!t->is_boolean || add(out, "^([tT][rR][uU]|[fF][aA][lL][sS])[eE]$")) &&
           (!t->is_integer || add(out, "^[+-]?[0-9]+$")) &&
           (!t->is_number || add(out, "^" NUMBER "$")) &&
           (!t->is_array || add(out, "^" BLANK "*\\[")) &&
           (!t->is_object || add(out, "^" BLANK "*\\{"));
}

/* The beginnings, of SPELLING_HEAD characters, of texts that may be read otherwise. */
static bool write_bad_heads(struct text *out, const struct raw_reading *r)
{
    static_assert(SPELLING_HEAD == 8, "the patterns say so");
    const struct argument_types *t = &r->types;
    bool ok = !r->ends_are_cut || add(out, "^\\n");
    if (is_text_only(r))
        return ok;
    if (is_any_json(r))
        return ok && add(out, "^" JSON_BLANK "|^[\\[{]|^(true|false|null)" JSON_BLANK) &&
               add(out, "^[0-9+\\-.eE \\t\\r\\n]{8}$");
    return ok && ((!t->is_integer && !t->is_number) || add(out, "^[0-9+\\-.eE]{8}$")) &&
           ((!t->is_array && !t->is_object) || add(out, "^" BLANK "*[\\[{]|^" BLANK "{8}$"));
}

/* r = r without the texts of a pattern; "": all stay. */
static bool take_away(struct regular **r, const struct text *pattern, struct error *err)
{
    struct regular *other = NULL, *rest = NULL;
    grammar_expr e = GRAMMAR_NONE;
    if (pattern->length == 0)
        return true;
    struct grammar *own = grammar_new();
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

/* ---- what is left ---- */

typedef bool write_pattern(struct text *out, const struct raw_reading *reading);

static bool narrow(struct regular **r, write_pattern *write, const struct raw_reading *reading,
                   struct error *err)
{
    struct text pattern;
    text_init(&pattern, SIZE_MAX);
    bool ok = write(&pattern, reading) ? take_away(r, &pattern, err)
                                       : fail_memory(err, pattern.length, "a pattern");
    text_release(&pattern);
    return ok;
}

static bool make_heads(struct raw_text *raw, size_t n_avoided, struct error *err)
{
    struct grammar *own = grammar_new();
    if (!own)
        return fail_memory(err, 0, "a grammar");
    grammar_expr safe = grammar_class(own, raw->avoided, n_avoided, true);
    return regular_of(&raw->heads, own, grammar_repeat(own, safe, SPELLING_HEAD, SPELLING_HEAD),
                      err);
}

static bool spell_as_is(struct text *out, struct slice text)
{
    return text_append_slice(out, text);
}

bool raw_text_init(struct raw_text *out, struct grammar *g, const struct raw_reading *reading,
                   const struct marks *marks, const struct regular *unmarked, struct error *err)
{
    size_t n_avoided;
    *out = (struct raw_text){ .allowed = NULL };
    if (!marks_avoid(marks, out->avoided, &n_avoided, err) ||
        !regular_copy(&out->allowed, unmarked, err) ||
        !narrow(&out->allowed, write_misread, reading, err) || !make_heads(out, n_avoided, err) ||
        !narrow(&out->heads, write_bad_heads, reading, err))
        return false;
    out->spelling = (struct string_spelling){
        .character = grammar_class,
        .spell = spell_as_is,
        .allowed = out->allowed,
        .any = regular_expr(g, out->allowed),
        .heads = out->heads,
        .avoided = out->avoided,
        .n_avoided = n_avoided,
        .ends_are_cut = reading->ends_are_cut,
    };
    return true;
}

void raw_text_release(struct raw_text *raw)
{
    regular_close(&raw->allowed);
    regular_close(&raw->heads);
}
