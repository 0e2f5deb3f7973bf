#include "dialogue/free_text.h"

#include "runtime/grammar/value_spelling.h"

static grammar_expr any_text(struct grammar *g, pattern_character *character)
{
    return grammar_repeat(g, character(g, NULL, 0, true), 0, UINT32_MAX);
}

static grammar_expr unwanted(struct grammar *g, const struct text_limits *limits)
{
    static const struct code_points blank[] = { { '\t', '\r' }, { ' ', ' ' } };
    grammar_expr any = any_text(g, grammar_class);
    grammar_expr parts[3] = { any, grammar_literals(g, limits->absent, limits->n_absent), any };
    grammar_expr choices[2] = { grammar_sequence(g, parts, 3) };
    parts[0] = grammar_repeat(g, grammar_class(g, blank, 2, false), 0, UINT32_MAX);
    parts[1] = grammar_literals(g, limits->not_first, limits->n_not_first);
    choices[1] = grammar_sequence(g, parts, 3);
    return grammar_choice(g, choices, 2);
}

bool free_text(struct regular **out, pattern_character *character, const struct text_limits *limits,
               struct error *err)
{
    struct grammar *own = grammar_new(), *other = grammar_new();
    struct regular *all = NULL, *without = NULL;
    bool is_limited = limits->n_absent || limits->n_not_first;
    *out = NULL;
    if (!own || !other) {
        grammar_close(&own);
        grammar_close(&other);
        return fail_memory(err, 0, "a grammar");
    }
    bool ok = regular_of(&all, own, any_text(own, character), err);
    if (ok && is_limited)
        ok = regular_of(&without, other, unwanted(other, limits), err) &&
             regular_without(out, all, without, err);
    else
        grammar_close(&other);
    if (ok && !is_limited) {
        *out = all;
        all = NULL;
    }
    regular_close(&all);
    regular_close(&without);
    return ok;
}
