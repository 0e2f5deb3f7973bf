#include "runtime/grammar/json_schema.h"

#include "base/memory.h"
#include "base/text.h"
#include "runtime/grammar/grammar_expression.h"
#include "runtime/grammar/json_text.h"
#include "runtime/grammar/schema_writer.h"

#include <stdlib.h>

enum { MAX_ITEMS = 1 << 20 };

/* ---- claims as rules ---- */

static int compare_claims(const void *a, const void *b)
{
    const struct claim *x = a, *y = b;
    if (x->schema != y->schema)
        return (uintptr_t)x->schema < (uintptr_t)y->schema ? -1 : 1;
    return x->is_denied - y->is_denied;
}

/* A key that lives in the document's arena. */
static bool claims_key(struct writer *w, const struct claims *claims,
                       const struct value_spelling *spelling, struct slice *key)
{
    size_t item_bytes = sizeof(uintptr_t) + 1, bytes = sizeof spelling + claims->count * item_bytes;
    char *text = arena_alloc(w->document.arena, bytes + 1);
    if (!text)
        return out_of_memory(w);
    memcpy(text, &spelling, sizeof spelling);
    for (size_t i = 0; i < claims->count; i++) {
        char *at = text + sizeof spelling + i * item_bytes;
        memcpy(at, &claims->items[i].schema, sizeof(uintptr_t));
        at[sizeof(uintptr_t)] = claims->items[i].is_denied;
    }
    *key = (struct slice){ text, bytes };
    return true;
}

bool values_spelled(struct writer *w, struct claims claims, const struct value_spelling *spelling,
                    grammar_expr *out)
{
    struct slice key;
    uint64_t rule;
    if (claims.count)
        qsort(claims.items, claims.count, sizeof *claims.items, compare_claims);
    if (!claims_key(w, &claims, spelling, &key))
        return false;
    if (!table_get(&w->rules, key, &rule)) {
        rule = grammar_declare(w->g, slice_of("value"));
        if (!table_put(&w->rules, key, rule) ||
            !grow((void **)&w->pending, &w->pending_capacity, w->n_pending, 1, sizeof *w->pending))
            return out_of_memory(w);
        w->pending[w->n_pending++] = (struct pending){ claims, spelling, (grammar_rule)rule };
    }
    *out = grammar_call(w->g, (grammar_rule)rule);
    return true;
}

bool values(struct writer *w, struct claims claims, grammar_expr *out)
{
    const struct value_spelling *inside = w->spelling->inside;
    return values_spelled(w, claims, inside ? inside : w->spelling, out);
}

/* ---- languages that are computed ---- */

bool automaton(struct writer *w, struct grammar *own, grammar_expr e, struct regular **out)
{
    grammar_rule root = grammar_declare(own, slice_of("text"));
    *out = NULL;
    grammar_define(own, root, e);
    return grammar_finish(own, root, w->err) && regular_from(out, own, w->err);
}

bool refine(struct writer *w, struct regular **r, struct grammar *own, grammar_expr e,
            bool is_denied)
{
    struct regular *other = NULL, *result = NULL;
    bool ok =
        automaton(w, own, e, &other) && (is_denied ? regular_without(&result, *r, other, w->err)
                                                   : regular_both(&result, *r, other, w->err));
    regular_close(&other);
    grammar_close(&own);
    if (ok) {
        regular_close(r);
        *r = result;
    }
    return ok;
}

/* ---- arrays ---- */

/* What follows the first `n` items, from the end to the beginning. */
static bool arrays(struct writer *w, const struct shape *s, grammar_expr *out)
{
    struct claims claims;
    grammar_expr item, rest;
    size_t prefix = size_min(shape_prefix_length(s), s->max_items);
    if (s->min_items > s->max_items) {
        *out = nothing(w);
        return true;
    }
    if (!shape_rest_claims(&w->document, s, &claims, w->err) || !values(w, claims, &item))
        return false;
    uint32_t n = (uint32_t)prefix;
    uint32_t least = s->min_items > n ? s->min_items - n : 0;
    uint32_t most = s->max_items == UINT32_MAX ? UINT32_MAX : s->max_items - n;
    if (n == 0) { /* the first has no comma before it */
        rest = sequence2(w, item,
                         grammar_repeat(w->g, sequence2(w, w->spelling->comma, item),
                                        least ? least - 1 : 0,
                                        most == UINT32_MAX ? most
                                        : most             ? most - 1
                                                           : 0));
        if (most == 0)
            rest = empty(w);
        else if (least == 0)
            rest = choice2(w, empty(w), rest);
    } else {
        rest = grammar_repeat(w->g, sequence2(w, w->spelling->comma, item), least, most);
    }
    for (size_t i = prefix; i-- > 0;) {
        if (!shape_item_claims(&w->document, s, i, &claims, w->err) || !values(w, claims, &item))
            return false;
        rest = sequence3(w, i ? w->spelling->comma : empty(w), item, rest);
        if (i >= s->min_items)
            rest = choice2(w, empty(w), rest);
    }
    *out = sequence3(w, w->spelling->array_open, rest, w->spelling->array_close);
    return true;
}

/* ---- shapes ---- */

static bool is_excluded_plain(const struct shape *s, enum json_kind kind, bool flag)
{
    for (const struct link *l = s->exclusions; l; l = l->next)
        for (size_t i = 0; i < count_listed(l); i++) {
            const struct json *value = listed(l, i);
            if (json_kind(value) == kind &&
                (kind == JSON_KIND_NULL || json_flag(value, !flag) == flag))
                return true;
        }
    return false;
}

/* Values of arrays and objects cannot be left out. */
static bool check_exclusions(struct writer *w, const struct shape *s)
{
    for (const struct link *l = s->exclusions; l; l = l->next)
        for (size_t i = 0; i < count_listed(l); i++) {
            enum json_kind kind = json_kind(listed(l, i));
            if ((kind == JSON_KIND_ARRAY && (s->kinds & VALUE_ARRAY)) ||
                (kind == JSON_KIND_OBJECT && (s->kinds & VALUE_OBJECT)))
                return fail(w->err, ERROR_UNSUPPORTED,
                            "%s: an array or object that is not allowed cannot be enforced",
                            schema_document_path(&w->document, listed(l, i)));
        }
    return true;
}

/* Add the spelling of a listed value to those kept, if it has one. */
static bool keep_choice(struct writer *w, const struct json *value, struct slice *kept,
                        size_t *n_kept)
{
    struct text spelled;
    bool is_possible = true;
    text_init(&spelled, SIZE_MAX);
    bool ok = value_spell(&spelled, w->spelling, value, &is_possible);
    char *copy = ok ? arena_copy(w->document.arena, text_slice(&spelled)) : NULL;
    if (copy && is_possible)
        kept[(*n_kept)++] = (struct slice){ copy, spelled.length };
    text_release(&spelled);
    return copy || out_of_memory(w);
}

/* The listed values that all claims of the branch allow. */
static bool choices(struct writer *w, const struct shape *s, grammar_expr *out, bool *is_lost)
{
    size_t n_fitting = 0;
    size_t n = count_listed(s->choices), n_kept = 0;
    struct slice *kept = arena_alloc_array(w->document.arena, n + 1, sizeof *kept);
    if (!kept)
        return out_of_memory(w);
    for (size_t i = 0; i < n; i++) {
        bool fits = true;
        for (const struct link *l = s->seen; fits && l; l = l->next) {
            bool yes;
            if (!schema_accepts(&w->document, l->node, listed(s->choices, i), &yes, w->err))
                return false;
            fits = yes != l->is_denied;
        }
        if (!fits)
            continue;
        if (!keep_choice(w, listed(s->choices, i), kept, &n_kept))
            return false;
        n_fitting++;
    }
    *is_lost = n_fitting > 0 && n_kept == 0;
    *out = grammar_literals(w->g, kept, n_kept);
    return true;
}

/* *is_lost: there are values, but none that can be written. */
static bool shape_expr(struct writer *w, const struct shape *s, grammar_expr *out, bool *is_lost)
{
    const struct value_spelling *spelling = w->spelling;
    unsigned kinds = s->kinds;
    grammar_expr parts[7];
    size_t n = 0;
    if (s->choices)
        return choices(w, s, out, is_lost);
    if (!check_exclusions(w, s))
        return false;
    if ((kinds & VALUE_NULL) && !is_excluded_plain(s, JSON_KIND_NULL, false))
        parts[n++] = literal(w, spelling->null);
    if ((kinds & VALUE_TRUE) && !is_excluded_plain(s, JSON_KIND_BOOL, true))
        parts[n++] = literal(w, spelling->yes);
    if ((kinds & VALUE_FALSE) && !is_excluded_plain(s, JSON_KIND_BOOL, false))
        parts[n++] = literal(w, spelling->no);
    bool ok = (!(kinds & VALUE_NUMBER) || schema_numbers(w, s, &parts[n++])) &&
              (!(kinds & VALUE_STRING) || schema_strings(w, s, &parts[n++])) &&
              (!(kinds & VALUE_ARRAY) || arrays(w, s, &parts[n++])) &&
              (!(kinds & VALUE_OBJECT) || schema_objects(w, s, &parts[n++]));
    if (ok)
        *out = grammar_choice(w->g, parts, n);
    return ok;
}

static bool define_cases(struct writer *w, const struct pending *p, struct shapes *shapes,
                         grammar_expr *cases)
{
    size_t n_lost = 0;
    for (size_t i = 0; i < shapes->count; i++) {
        struct shape *s = &shapes->items[i];
        unsigned kinds = s->kinds;
        bool is_lost = false;
        s->kinds &= p->spelling->kinds;
        if (!shape_expr(w, s, &cases[i], &is_lost))
            return false;
        n_lost += is_lost || (kinds && !s->kinds);
    }
    if (n_lost && n_lost == shapes->count)
        return fail(w->err, ERROR_UNSUPPORTED,
                    "%s: a model's calls have no spelling for any of its values",
                    schema_document_path(&w->document, p->claims.items[0].schema));
    grammar_define(w->g, p->rule, grammar_choice(w->g, cases, shapes->count));
    return true;
}

static bool define(struct writer *w, const struct pending *p)
{
    struct shapes shapes;
    w->spelling = p->spelling;
    if (!shapes_of(&w->document, &p->claims, &shapes, w->err))
        return false;
    grammar_expr *cases = memory_zeroed(shapes.count + 1, sizeof *cases);
    bool ok = cases ? define_cases(w, p, &shapes, cases) : out_of_memory(w);
    memory_free(cases);
    memory_free(shapes.items);
    return ok;
}

/* ---- the document ---- */

static bool write_all(struct writer *w, const struct json *schema, grammar_expr *out)
{
    struct claim *root = arena_alloc(w->document.arena, sizeof *root);
    if (!root)
        return out_of_memory(w);
    *root = (struct claim){ schema, false };
    if (!values_spelled(w, (struct claims){ root, 1 }, w->spelling, out))
        return false;
    while (w->n_pending) {
        struct pending next = w->pending[--w->n_pending];
        if (!define(w, &next))
            return false;
    }
    return true;
}

bool json_schema_spelled_expr(struct grammar *g, const struct json *schema,
                              const struct value_spelling *spelling, grammar_expr *out,
                              struct error *err)
{
    struct writer w = { .g = g, .spelling = spelling, .err = err };
    const struct json *any_object = NULL;
    struct string_cache *own = NULL;
    static const char object[] = "{\"type\":\"object\"}";
    bool ok = schema || json_open(&any_object, object, strlen(object), "format", err);
    ok = ok && (spelling->strings_so_far || string_cache_open(&own, err));
    w.strings = own ? own : spelling->strings_so_far;
    ok = ok && schema_document_open(&w.document, schema ? schema : any_object, err) &&
         (table_init(&w.rules, 64) || out_of_memory(&w)) &&
         write_all(&w, schema ? schema : any_object, out);
    table_release(&w.rules);
    memory_free(w.pending);
    schema_document_close(&w.document);
    string_cache_close(&own);
    json_close(&any_object);
    return ok;
}

bool json_schema_expr(struct grammar *g, const struct json *schema, enum json_spacing spacing,
                      grammar_expr *out, struct error *err)
{
    struct value_spelling spelling = json_spelling(g, spacing);
    return json_schema_spelled_expr(g, schema, &spelling, out, err);
}

bool json_schema_open(struct grammar **out, const struct json *schema, enum json_spacing spacing,
                      struct error *err)
{
    struct grammar *g = grammar_new();
    grammar_expr value;
    *out = NULL;
    bool ok =
        g ? json_schema_expr(g, schema, spacing, &value, err) : fail_memory(err, 0, "a grammar");
    if (ok) {
        grammar_rule root = grammar_declare(g, slice_of("document"));
        grammar_define(g, root, value);
        ok = grammar_finish(g, root, err) || fail_while(err, "schema");
    }
    if (ok)
        *out = g;
    else
        grammar_close(&g);
    return ok;
}
