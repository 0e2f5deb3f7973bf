#include "runtime/grammar/number_range.h"
#include "runtime/grammar/json_text.h"
#include "runtime/grammar/schema_writer.h"

static bool exclude_numbers(struct writer *w, const struct shape *s, struct regular **r)
{
    for (const struct link *l = s->exclusions; l; l = l->next)
        for (size_t i = 0; i < count_listed(l); i++) {
            const struct json *value = listed(l, i);
            bool is_number = json_is_numeric(value);
            struct grammar *own = is_number ? grammar_new() : NULL;
            grammar_expr e;
            if (!is_number)
                continue;
            if (!own)
                return out_of_memory(w);
            if (!number_value_expr(own, json_number(value, 0), &e, w->err)) {
                grammar_close(&own);
                return false;
            }
            if (!refine(w, r, own, e, true))
                return false;
        }
    return true;
}

static bool restrict_numbers(struct writer *w, const struct shape *s, struct regular **r)
{
    for (const struct link *l = s->steps; l; l = l->next) {
        struct grammar *own = grammar_new();
        grammar_expr e;
        if (!own)
            return out_of_memory(w);
        if (!number_multiples_expr(own, l->number, &e, w->err)) {
            grammar_close(&own);
            return fail_while(w->err, "%s/multipleOf", schema_document_path(&w->document, l->node));
        }
        if (!refine(w, r, own, e, l->is_denied))
            return false;
    }
    if (!(s->kinds & VALUE_INTEGER)) {
        struct grammar *own = grammar_new();
        if (!own)
            return out_of_memory(w);
        if (!refine(w, r, own, number_fractional_expr(own), false))
            return false;
    }
    return exclude_numbers(w, s, r);
}

/* Whether a number is a multiple is told alike by all readers, those with doubles too, while a
 * double holds each of its digits; larger ones are left out unless the bounds leave nothing else.
 */
static void keep_multiples_exact(struct number_range *range)
{
    const double most = 999999999999999;
    if ((!range->has_high || range->high > most) && !(range->has_low && range->low > most)) {
        range->has_high = true;
        range->high = most;
        range->is_high_open = false;
    }
    if ((!range->has_low || range->low < -most) && !(range->has_high && range->high < -most)) {
        range->has_low = true;
        range->low = -most;
        range->is_low_open = false;
    }
}

bool schema_numbers(struct writer *w, const struct shape *s, grammar_expr *out)
{
    bool is_integral = !(s->kinds & VALUE_FRACTION);
    struct number_range range = { .has_low = s->has_low,
                                  .has_high = s->has_high,
                                  .low = s->low,
                                  .high = s->high,
                                  .is_low_open = s->is_low_open,
                                  .is_high_open = s->is_high_open,
                                  .is_integral = is_integral };
    bool is_computed = s->steps || s->exclusions || !(s->kinds & VALUE_INTEGER);
    if (!is_computed && !s->has_low && !s->has_high) {
        *out = is_integral ? json_integer_text(w->g) : json_number_text(w->g);
        return true;
    }
    if (!is_computed)
        return number_range_expr(w->g, &range, out, w->err);
    if (s->steps)
        keep_multiples_exact(&range);
    struct grammar *own = grammar_new();
    struct regular *r = NULL;
    grammar_expr e;
    bool ok = own ? number_range_expr(own, &range, &e, w->err) : out_of_memory(w);
    bool is_impossible = s->has_low && s->has_high && s->low > s->high;
    if (ok && is_impossible) {
        grammar_close(&own);
        *out = nothing(w);
        return true;
    }
    ok = ok && automaton(w, own, e, &r) && restrict_numbers(w, s, &r);
    grammar_close(&own);
    if (ok)
        *out = regular_expr(w->g, r);
    regular_close(&r);
    return ok;
}
