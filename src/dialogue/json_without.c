#include "dialogue/json_without.h"

#include "dialogue/free_text.h"
#include "runtime/grammar/json_text.h"

/* Names that nobody declared avoid what marks begin with: an automaton for each object is small. */
static bool limit_names(struct json_without *out, struct error *err)
{
    struct grammar *own = grammar_new();
    if (!own)
        return fail_memory(err, 0, "a grammar");
    grammar_expr safe = json_character(own, out->avoided, out->spelling.strings.n_avoided, true);
    return regular_of(&out->names, own, grammar_repeat(own, safe, 0, UINT32_MAX), err);
}

bool json_without_init(struct json_without *out, struct grammar *g, enum json_spacing spacing,
                       const struct marks *absent, struct error *err)
{
    struct text_limits limits = { .absent = absent->items, .n_absent = absent->count };
    *out = (struct json_without){ .spelling = json_spelling(g, spacing) };
    struct string_spelling *strings = &out->spelling.strings;
    if (absent->count == 0)
        return true;
    if (!marks_avoid(absent, out->avoided, &strings->n_avoided, err) ||
        !free_text(&out->strings, json_character, &limits, err) || !limit_names(out, err))
        return false;
    strings->allowed = out->strings;
    strings->any = regular_expr(g, out->strings);
    strings->avoided = out->avoided;
    out->spelling.names.allowed = out->names;
    out->spelling.declared_names = out->strings;
    return true;
}

void json_without_release(struct json_without *json)
{
    regular_close(&json->strings);
    regular_close(&json->names);
}
