#include "runtime/grammar/json_schema.h"

#include "base/memory.h"
#include "base/text.h"
#include "runtime/grammar/grammar_expression.h"
#include "runtime/grammar/json_text.h"
#include "runtime/grammar/number_range.h"
#include "runtime/grammar/pattern.h"
#include "runtime/grammar/regular.h"
#include "runtime/grammar/schema_shape.h"
#include "runtime/grammar/string_format.h"
#include "runtime/grammar/value_spelling.h"

#include <stdlib.h>

enum { MAX_ITEMS = 1 << 20, MAX_NAMES = 4096 };

/* A set of claims has one rule for each spelling, which many places call. */
struct pending {
    struct claims claims;
    const struct value_spelling *spelling;
    grammar_rule rule;
};

struct writer {
    struct grammar *g;
    struct schema_document document;
    struct table rules; /* the spelling's and the sorted claims' bytes -> rule */
    struct pending *pending;
    size_t n_pending, pending_capacity;
    const struct value_spelling *spelling; /* of the values at hand */
    struct string_cache *strings;
    struct error *err;
};

static grammar_expr literal(struct writer *w, const char *text)
{
    return grammar_bytes(w->g, slice_of(text));
}

static grammar_expr sequence2(struct writer *w, grammar_expr a, grammar_expr b)
{
    grammar_expr parts[] = { a, b };
    return grammar_sequence(w->g, parts, 2);
}

static grammar_expr sequence3(struct writer *w, grammar_expr a, grammar_expr b, grammar_expr c)
{
    grammar_expr parts[] = { a, b, c };
    return grammar_sequence(w->g, parts, 3);
}

static grammar_expr choice2(struct writer *w, grammar_expr a, grammar_expr b)
{
    grammar_expr parts[] = { a, b };
    return grammar_choice(w->g, parts, 2);
}

static grammar_expr empty(struct writer *w)
{
    return grammar_sequence(w->g, NULL, 0);
}

static grammar_expr nothing(struct writer *w)
{
    return grammar_choice(w->g, NULL, 0);
}

static bool out_of_memory(struct writer *w)
{
    return fail(w->err, ERROR_MEMORY, "out of memory for a schema");
}

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

static bool values_spelled(struct writer *w, struct claims claims,
                           const struct value_spelling *spelling, grammar_expr *out)
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

/* Of what is in the arrays and objects at hand. */
static bool values(struct writer *w, struct claims claims, grammar_expr *out)
{
    const struct value_spelling *inside = w->spelling->inside;
    return values_spelled(w, claims, inside ? inside : w->spelling, out);
}

/* ---- languages that are computed ---- */

/* An expression of a grammar of its own, as an automaton. */
static bool automaton(struct writer *w, struct grammar *own, grammar_expr e, struct regular **out)
{
    grammar_rule root = grammar_declare(own, slice_of("text"));
    *out = NULL;
    grammar_define(own, root, e);
    return grammar_finish(own, root, w->err) && regular_from(out, own, w->err);
}

/* r = r and e, or r without e; e belongs to `own`, which is closed. */
static bool refine(struct writer *w, struct regular **r, struct grammar *own, grammar_expr e,
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

/* Values listed by enum or const that `wanted` kinds are among, as a plain loop over both forms. */
static size_t count_listed(const struct link *l)
{
    return l->index ? 1 : json_size(l->node);
}

static const struct json *listed(const struct link *l, size_t i)
{
    return l->index ? l->node : json_at(l->node, i);
}

/* ---- numbers ---- */

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

static bool numbers(struct writer *w, const struct shape *s, grammar_expr *out)
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

/* ---- strings ---- */

/* All texts of so many characters, allowed or not. */
static grammar_expr any_text(const struct string_spelling *s, struct grammar *g, uint32_t at_least,
                             uint32_t at_most)
{
    return grammar_repeat(g, s->character(g, NULL, 0, true), at_least, at_most);
}

static bool allowed_texts(struct writer *w, const struct string_spelling *s, struct regular **r)
{
    const struct regular *json;
    if (s->allowed)
        return regular_copy(r, s->allowed, w->err);
    if (s->character == json_character)
        return string_cache_json(w->strings, &json, w->err) && regular_copy(r, json, w->err);
    struct grammar *own = grammar_new();
    bool ok = own ? automaton(w, own, any_text(s, own, 0, UINT32_MAX), r) : out_of_memory(w);
    grammar_close(&own);
    return ok;
}

static bool restrict_pattern(struct writer *w, const struct link *l, struct regular **r)
{
    const struct string_spelling *spelling = &w->spelling->strings;
    struct grammar *own = grammar_new();
    grammar_expr e;
    if (!own)
        return out_of_memory(w);
    if (!pattern_expr(own, json_text(l->node), spelling->character, &e, w->err)) {
        grammar_close(&own);
        return fail_while(w->err, "%s", schema_document_path(&w->document, l->node));
    }
    return refine(w, r, own, e, l->is_denied) ||
           fail_while(w->err, "%s", schema_document_path(&w->document, l->node));
}

static bool restrict_format(struct writer *w, const struct link *l, struct regular **r)
{
    struct grammar *own = grammar_new();
    const char *pattern = string_format_pattern(json_text(l->node));
    grammar_expr e;
    if (!own)
        return out_of_memory(w);
    if (!pattern) {
        grammar_close(&own);
        return fail(w->err, ERROR_UNSUPPORTED, "%s: the format '%s' cannot be enforced",
                    schema_document_path(&w->document, l->node), printable(json_text(l->node)));
    }
    if (!pattern_expr(own, slice_of(pattern), w->spelling->strings.character, &e, w->err)) {
        grammar_close(&own);
        return false;
    }
    return refine(w, r, own, e, false);
}

static bool exclude_strings(struct writer *w, const struct shape *s, struct regular **r)
{
    for (const struct link *l = s->exclusions; l; l = l->next)
        for (size_t i = 0; i < count_listed(l); i++) {
            const struct json *value = listed(l, i);
            if (json_kind(value) != JSON_KIND_STRING)
                continue;
            struct grammar *own = grammar_new();
            struct text spelled;
            text_init(&spelled, SIZE_MAX);
            bool ok = own && w->spelling->strings.spell(&spelled, json_text(value))
                          ? refine(w, r, own, grammar_bytes(own, text_slice(&spelled)), true)
                          : out_of_memory(w);
            text_release(&spelled);
            if (!ok)
                return false;
        }
    return true;
}

static bool computed_body(struct writer *w, const struct shape *s, grammar_expr *out)
{
    const struct string_spelling *spelling = &w->spelling->strings;
    struct regular *r = NULL;
    bool ok = allowed_texts(w, spelling, &r);
    for (const struct link *l = s->patterns; ok && l; l = l->next)
        ok = restrict_pattern(w, l, &r);
    for (const struct link *l = s->formats; ok && l; l = l->next)
        ok = restrict_format(w, l, &r);
    ok = ok && exclude_strings(w, s, &r);
    if (ok && (s->min_length > 0 || s->max_length < UINT32_MAX)) {
        struct grammar *lengths = grammar_new();
        ok = lengths ? refine(w, &r, lengths,
                              any_text(spelling, lengths, s->min_length, s->max_length), false)
                     : out_of_memory(w);
    }
    if (ok)
        *out = regular_expr(w->g, r);
    regular_close(&r);
    return ok;
}

static bool write_links(struct text *key, const struct link *l)
{
    bool ok = true;
    for (; ok && l; l = l->next) {
        struct slice text = json_text(l->node);
        ok = text_append(key, &l->is_denied, sizeof l->is_denied) &&
             text_append(key, &text.length, sizeof text.length) && text_append_slice(key, text);
    }
    return ok && text_append_byte(key, ';');
}

/* All that the language depends on. */
static bool write_string_key(struct text *key, const struct value_spelling *spelling,
                             const struct shape *s)
{
    return text_append(key, &spelling, sizeof spelling) &&
           text_append(key, &s->min_length, sizeof s->min_length) &&
           text_append(key, &s->max_length, sizeof s->max_length) &&
           write_links(key, s->patterns) && write_links(key, s->formats);
}

static bool known_body(struct writer *w, const struct shape *s, grammar_expr *out)
{
    struct text key;
    text_init(&key, SIZE_MAX);
    bool ok = write_string_key(&key, w->spelling, s) || out_of_memory(w);
    if (ok && !string_cache_get(w->strings, text_slice(&key), out))
        ok = computed_body(w, s, out) &&
             string_cache_put(w->strings, text_slice(&key), *out, w->err);
    text_release(&key);
    return ok;
}

/* What stands between the quotes. Lengths alone are counted; with patterns they are computed. */
static bool string_body(struct writer *w, const struct shape *s, grammar_expr *out)
{
    if (s->exclusions)
        return computed_body(w, s, out);
    if (s->patterns || s->formats)
        return known_body(w, s, out);
    return string_spelling_counted(w->g, &w->spelling->strings, s->min_length, s->max_length, out,
                                   w->err);
}

static bool strings(struct writer *w, const struct shape *s, grammar_expr *out)
{
    grammar_expr body, quote = grammar_bytes(w->g, w->spelling->strings.quote);
    if (s->min_length > s->max_length) {
        *out = nothing(w);
        return true;
    }
    if (!string_body(w, s, &body))
        return false;
    *out = sequence3(w, quote, body, quote);
    return true;
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

/* ---- objects ---- */

struct names {
    struct slice *items;
    size_t count, capacity;
};

static bool add_name(struct writer *w, struct names *names, struct slice name)
{
    for (size_t i = 0; i < names->count; i++)
        if (slice_equal(names->items[i], name))
            return true;
    if (names->count == MAX_NAMES)
        return fail(w->err, ERROR_UNSUPPORTED, "an object of more than %d declared members",
                    MAX_NAMES);
    if (!grow((void **)&names->items, &names->capacity, names->count, 1, sizeof name))
        return out_of_memory(w);
    names->items[names->count++] = name;
    return true;
}

/* Declared members in the order of the schemas, then what is only required. The newest link is in
 * front: recursion turns the order. */
static bool add_declared(struct writer *w, struct names *names, const struct link *l)
{
    if (!l)
        return true;
    if (!add_declared(w, names, l->next))
        return false;
    const struct json *properties = json_get(l->node, "properties");
    for (const struct json_member *m = json_first(properties); m; m = json_next(properties, m))
        if (!add_name(w, names, json_member_key(m)))
            return false;
    return true;
}

static bool add_required(struct writer *w, struct names *names, const struct link *l)
{
    return !l || (add_required(w, names, l->next) && add_name(w, names, l->name));
}

static bool has_name(const struct link *l, struct slice name)
{
    for (; l; l = l->next)
        if (slice_equal(l->name, name))
            return true;
    return false;
}

/* A name as it is written, in quotes if it has any. */
static bool spell_name(struct writer *w, struct slice name, struct text *out)
{
    const struct string_spelling *names = &w->spelling->names;
    size_t length = names->quote.length;
    if (!text_append_slice(out, names->quote) || !names->spell(out, name) ||
        !text_append_slice(out, names->quote))
        return out_of_memory(w);
    struct slice body = { out->data ? out->data + length : "", out->length - 2 * length };
    const struct regular *allowed = w->spelling->declared_names;
    allowed = allowed ? allowed : names->allowed;
    return !allowed || regular_has(allowed, body) ||
           fail(w->err, ERROR_UNSUPPORTED, "properties: the name '%s' cannot be written",
                printable(name));
}

static bool name_literal(struct writer *w, struct grammar *g, struct slice name, grammar_expr *out)
{
    struct text spelled;
    text_init(&spelled, SIZE_MAX);
    bool ok = spell_name(w, name, &spelled);
    if (ok)
        *out = grammar_bytes(g, text_slice(&spelled));
    text_release(&spelled);
    return ok;
}

/* Names that nobody declared or forbade, without quotes, as an automaton. */
static bool other_names(struct writer *w, const struct names *names, const struct link *forbidden,
                        struct regular **out)
{
    const struct string_spelling *spelling = &w->spelling->names;
    struct names known = { 0 };
    bool ok = true;
    *out = NULL;
    for (size_t i = 0; ok && i < names->count; i++)
        ok = add_name(w, &known, names->items[i]);
    for (const struct link *l = forbidden; ok && l; l = l->next)
        ok = add_name(w, &known, l->name);
    struct grammar *own = grammar_new();
    grammar_expr *spelled = memory_zeroed(known.count + 1, sizeof *spelled);
    if (ok && (!own || !spelled))
        ok = out_of_memory(w);
    ok = ok && allowed_texts(w, spelling, out);
    for (size_t i = 0; ok && i < known.count; i++) {
        struct text text;
        text_init(&text, SIZE_MAX);
        ok = spelling->spell(&text, known.items[i]) || out_of_memory(w);
        spelled[i] = grammar_bytes(own, text_slice(&text));
        text_release(&text);
    }
    if (ok && known.count) {
        ok = refine(w, out, own, grammar_choice(own, spelled, known.count), true);
        own = NULL; /* closed by refine */
    }
    grammar_close(&own);
    memory_free(spelled);
    memory_free(known.items);
    return ok;
}

/* Those of the names that match some patterns and not the others. */
static bool names_that_match(struct writer *w, const struct regular *names,
                             const struct slice *patterns, size_t n, unsigned matched,
                             struct regular **out)
{
    bool ok = regular_copy(out, names, w->err);
    for (size_t i = 0; ok && i < n; i++) {
        struct grammar *own = grammar_new();
        grammar_expr e;
        if (!own)
            return out_of_memory(w);
        if (!pattern_expr(own, patterns[i], w->spelling->names.character, &e, w->err)) {
            grammar_close(&own);
            return false;
        }
        ok = refine(w, out, own, e, !(matched >> i & 1));
    }
    return ok;
}

static grammar_expr member_of(struct writer *w, grammar_expr name, grammar_expr value)
{
    const struct value_spelling *s = w->spelling;
    grammar_expr parts[] = { s->member_open, name, s->colon, value, s->member_close };
    return grammar_sequence(w->g, parts, COUNT_OF(parts));
}

/* Additional members: one kind for each way in which names match the patterns. */
static bool additional_members(struct writer *w, const struct shape *s, const struct regular *names,
                               grammar_expr *out)
{
    struct slice patterns[MAX_NAME_PATTERNS];
    grammar_expr kinds[1 << MAX_NAME_PATTERNS];
    grammar_expr quote = grammar_bytes(w->g, w->spelling->names.quote);
    size_t n, n_kinds = 0;
    if (!shape_name_patterns(&w->document, s, patterns, &n, w->err))
        return false;
    for (unsigned matched = 0; matched < 1u << n; matched++) {
        struct regular *own = NULL;
        struct claims claims;
        grammar_expr value;
        bool ok = names_that_match(w, names, patterns, n, matched, &own) &&
                  shape_additional_claims(&w->document, s, patterns, matched, &claims, w->err) &&
                  values(w, claims, &value);
        if (ok && !regular_is_empty(own))
            kinds[n_kinds++] =
                member_of(w, sequence3(w, quote, regular_expr(w->g, own), quote), value);
        regular_close(&own);
        if (!ok)
            return false;
    }
    *out = grammar_choice(w->g, kinds, n_kinds);
    return true;
}

struct member {
    grammar_expr text; /* "name": value */
    bool is_required;
};

/* What may follow when members [at, n) are still to come: `after` is for "some stand before", which
 * need a comma. At most max members may come, and min must. */
struct chain {
    struct writer *w;
    const struct member *members;
    size_t n;
    grammar_expr other; /* an additional member */
    uint32_t least, most;
    grammar_rule first_rule; /* [at][written] */
    size_t width;            /* counts that are told apart */
};

/* Without bounds only "none yet" and "some" are told apart. */
static size_t counted(const struct chain *c, size_t written)
{
    return written < c->width ? written : c->width - 1;
}

static grammar_expr chain_call(const struct chain *c, size_t at, size_t written)
{
    return grammar_call(c->w->g,
                        c->first_rule + (grammar_rule)(at * c->width + counted(c, written)));
}

static grammar_expr chain_end(const struct chain *c, size_t written)
{
    struct writer *w = c->w;
    if (written < c->least)
        return nothing(w);
    if (c->most != UINT32_MAX && written >= c->most)
        return written == c->most ? empty(w) : nothing(w);
    uint32_t more = c->most == UINT32_MAX ? UINT32_MAX : c->most - (uint32_t)written;
    grammar_expr next = sequence2(w, w->spelling->comma, c->other);
    if (written > 0)
        return grammar_repeat(w->g, next, 0, more);
    grammar_expr some =
        sequence2(w, c->other, grammar_repeat(w->g, next, 0, more == UINT32_MAX ? more : more - 1));
    return choice2(w, empty(w), some);
}

static grammar_expr chain_step(const struct chain *c, size_t at, size_t written)
{
    struct writer *w = c->w;
    if (at == c->n)
        return chain_end(c, written);
    const struct member *m = &c->members[at];
    grammar_expr with = nothing(w);
    if (c->most == UINT32_MAX || written < c->most)
        with = sequence3(w, written ? w->spelling->comma : empty(w), m->text,
                         chain_call(c, at + 1, written + 1));
    return m->is_required ? with : choice2(w, with, chain_call(c, at + 1, written));
}

static bool write_chain(struct chain *c, grammar_expr *out)
{
    struct writer *w = c->w;
    c->first_rule = GRAMMAR_NONE;
    for (size_t i = 0; i < (c->n + 1) * c->width; i++) {
        grammar_rule rule = grammar_declare(w->g, slice_of("members"));
        if (rule == GRAMMAR_NONE)
            return out_of_memory(w);
        c->first_rule = i == 0 ? rule : c->first_rule;
    }
    for (size_t at = 0; at <= c->n; at++)
        for (size_t written = 0; written < c->width; written++)
            grammar_define(w->g, c->first_rule + (grammar_rule)(at * c->width + written),
                           chain_step(c, at, written));
    *out = chain_call(c, 0, 0);
    return true;
}

static bool member_text(struct writer *w, const struct shape *s, struct slice name,
                        grammar_expr *out)
{
    const struct value_spelling *spelling = w->spelling, *of_value;
    struct claims claims;
    grammar_expr value, literal_name;
    of_value = spelling->inside ? spelling->inside : spelling;
    if (!shape_member_claims(&w->document, s, name, &claims, w->err) ||
        (spelling->member && !spelling->member(spelling->context, name, &of_value, w->err)) ||
        !values_spelled(w, claims, of_value, &value) || !name_literal(w, w->g, name, &literal_name))
        return false;
    *out = member_of(w, literal_name, value);
    return true;
}

/* Whether a schema says anything of members that it does not name. */
static bool speaks_of_others(const struct shape *s)
{
    for (const struct link *it = s->objects; it; it = it->next)
        if (json_get(it->node, "additionalProperties") || json_get(it->node, "patternProperties"))
            return true;
    return false;
}

/* Members that nobody declares. */
static bool other_members(struct writer *w, const struct shape *s, const struct names *names,
                          grammar_expr *out)
{
    struct regular *others;
    bool is_unsaid = names->count > 0 && !speaks_of_others(s);
    if (w->spelling->is_declared_only || (w->spelling->omits_unsaid && is_unsaid)) {
        *out = nothing(w);
        return true;
    }
    bool ok = other_names(w, names, s->forbidden, &others) && additional_members(w, s, others, out);
    regular_close(&others);
    return ok;
}

static bool write_members(struct writer *w, const struct shape *s, const struct names *names,
                          struct member *members, grammar_expr *out)
{
    struct chain chain = {
        .w = w, .members = members, .least = s->min_members, .most = s->max_members
    };
    for (size_t i = 0; i < names->count; i++) {
        bool is_forbidden = has_name(s->forbidden, names->items[i]);
        bool is_required = has_name(s->required, names->items[i]);
        if (is_forbidden && is_required) {
            *out = nothing(w);
            return true;
        }
        if (is_forbidden)
            continue;
        struct member *m = &members[chain.n++];
        m->is_required = is_required;
        if (!member_text(w, s, names->items[i], &m->text))
            return false;
    }
    if (s->min_members > chain.n)
        return fail(w->err, ERROR_UNSUPPORTED,
                    "minProperties of %u beyond the %zu members that the schema declares",
                    s->min_members, chain.n);
    bool counts = s->min_members > 0 || s->max_members < UINT32_MAX;
    chain.width = counts ? chain.n + 1 : 2;
    return other_members(w, s, names, &chain.other) && write_chain(&chain, out);
}

static bool objects(struct writer *w, const struct shape *s, grammar_expr *out)
{
    struct names names = { 0 };
    grammar_expr body = GRAMMAR_NONE;
    bool ok = add_declared(w, &names, s->objects) && add_required(w, &names, s->required);
    struct member *members = ok ? memory_zeroed(names.count + 1, sizeof *members) : NULL;
    if (ok && !members)
        ok = out_of_memory(w);
    ok = ok && write_members(w, s, &names, members, &body);
    memory_free(members);
    memory_free(names.items);
    if (ok)
        *out = sequence3(w, w->spelling->object_open, body, w->spelling->object_close);
    return ok;
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
    bool ok = (!(kinds & VALUE_NUMBER) || numbers(w, s, &parts[n++])) &&
              (!(kinds & VALUE_STRING) || strings(w, s, &parts[n++])) &&
              (!(kinds & VALUE_ARRAY) || arrays(w, s, &parts[n++])) &&
              (!(kinds & VALUE_OBJECT) || objects(w, s, &parts[n++]));
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
