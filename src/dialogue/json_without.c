#include "dialogue/json_without.h"

#include "dialogue/free_text.h"
#include "runtime/grammar/json_text.h"

bool json_without_init(struct json_without *out, struct grammar *g, enum json_spacing spacing,
                       const struct marks *absent, struct error *err)
{
    struct text_limits limits = { .absent = absent->items, .n_absent = absent->count };
    *out = (struct json_without){ .spelling = json_spelling(g, spacing) };
    struct string_spelling *strings = &out->spelling.strings;
    if (absent->count == 0)
        return true;
    if (!marks_avoid(absent, out->avoided, &strings->n_avoided, err) ||
        !free_text(&out->strings, json_character, &limits, err))
        return false;
    strings->allowed = out->strings;
    strings->any = regular_expr(g, out->strings);
    strings->avoided = out->avoided;
    out->spelling.names = *strings;
    return true;
}

void json_without_release(struct json_without *json)
{
    regular_close(&json->strings);
}
