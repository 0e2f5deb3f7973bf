#include "dialogue/free_text.h"

#include "runtime/grammar/value_spelling.h"

static grammar_expr any_text(struct grammar *g, pattern_character *character)
{
    return grammar_repeat(g, character(g, NULL, 0, true), 0, UINT32_MAX);
}

/* Texts in which one occurs; only as their first, white space apart. */
static grammar_expr texts_with(struct grammar *g, struct slice unwanted, bool is_first)
{
    static const struct code_points blank[] = { { '\t', '\r' }, { ' ', ' ' } };
    grammar_expr any = any_text(g, grammar_class);
    grammar_expr spaces =
        grammar_repeat(g, grammar_class(g, blank, COUNT_OF(blank), false), 0, UINT32_MAX);
    grammar_expr parts[] = { is_first ? spaces : any, grammar_bytes(g, unwanted), any };
    return grammar_sequence(g, parts, COUNT_OF(parts));
}

/* One after another: small automata are put together faster than a large one is found. */
static bool take_away(struct regular **r, struct slice unwanted, bool is_first, struct error *err)
{
    struct grammar *own = grammar_new();
    struct regular *others = NULL, *rest = NULL;
    if (!own)
        return fail_memory(err, 0, "a grammar");
    bool ok = regular_of(&others, own, texts_with(own, unwanted, is_first), err) &&
              regular_without(&rest, *r, others, err);
    regular_close(&others);
    if (ok) {
        regular_close(r);
        *r = rest;
    }
    return ok;
}

bool free_text(struct regular **out, pattern_character *character, const struct text_limits *limits,
               struct error *err)
{
    struct grammar *own = grammar_new();
    *out = NULL;
    if (!own)
        return fail_memory(err, 0, "a grammar");
    bool ok = regular_of(out, own, any_text(own, character), err);
    for (size_t i = 0; ok && i < limits->n_absent; i++)
        ok = take_away(out, limits->absent[i], false, err);
    for (size_t i = 0; ok && i < limits->n_not_first; i++)
        ok = take_away(out, limits->not_first[i], true, err);
    if (!ok)
        regular_close(out);
    return ok;
}
