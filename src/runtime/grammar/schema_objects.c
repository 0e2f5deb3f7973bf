#include "base/memory.h"
#include "base/text.h"
#include "runtime/grammar/grammar_expression.h"
#include "runtime/grammar/json_text.h"
#include "runtime/grammar/pattern.h"
#include "runtime/grammar/schema_writer.h"

enum { MAX_NAMES = 4096 };

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

bool schema_objects(struct writer *w, const struct shape *s, grammar_expr *out)
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
