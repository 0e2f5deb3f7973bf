/* schema_writer.h: a schema while it becomes a grammar; private to json_schema.
 *
 * Owns what its parts share: the rules so far, and the spelling of the values at hand. Each part
 * writes the values of one kind that a shape allows. */
#ifndef SCHEMA_WRITER_H
#define SCHEMA_WRITER_H

#include "base/table.h"
#include "runtime/grammar/grammar.h"
#include "runtime/grammar/regular.h"
#include "runtime/grammar/schema_shape.h"
#include "runtime/grammar/value_spelling.h"

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

static inline grammar_expr literal(struct writer *w, const char *text)
{
    return grammar_bytes(w->g, slice_of(text));
}

static inline grammar_expr sequence2(struct writer *w, grammar_expr a, grammar_expr b)
{
    grammar_expr parts[] = { a, b };
    return grammar_sequence(w->g, parts, 2);
}

static inline grammar_expr sequence3(struct writer *w, grammar_expr a, grammar_expr b,
                                     grammar_expr c)
{
    grammar_expr parts[] = { a, b, c };
    return grammar_sequence(w->g, parts, 3);
}

static inline grammar_expr choice2(struct writer *w, grammar_expr a, grammar_expr b)
{
    grammar_expr parts[] = { a, b };
    return grammar_choice(w->g, parts, 2);
}

static inline grammar_expr empty(struct writer *w)
{
    return grammar_sequence(w->g, NULL, 0);
}

static inline grammar_expr nothing(struct writer *w)
{
    return grammar_choice(w->g, NULL, 0);
}

static inline bool out_of_memory(struct writer *w)
{
    return fail(w->err, ERROR_MEMORY, "out of memory for a schema");
}

/* Values listed by enum or const that `wanted` kinds are among, as a plain loop over both forms. */
static inline size_t count_listed(const struct link *l)
{
    return l->index ? 1 : json_size(l->node);
}

static inline const struct json *listed(const struct link *l, size_t i)
{
    return l->index ? l->node : json_at(l->node, i);
}

/* Values for which all claims hold: of what is in the arrays and objects at hand, or in a spelling
 * of their own. */
bool values(struct writer *w, struct claims claims, grammar_expr *out);
bool values_spelled(struct writer *w, struct claims claims, const struct value_spelling *spelling,
                    grammar_expr *out);

/* An expression of a grammar of its own, as an automaton. */
bool automaton(struct writer *w, struct grammar *own, grammar_expr e, struct regular **out);

/* r = r and e, or r without e; e belongs to `own`, which is closed. */
bool refine(struct writer *w, struct regular **r, struct grammar *own, grammar_expr e,
            bool is_denied);

bool allowed_texts(struct writer *w, const struct string_spelling *s, struct regular **r);

bool schema_numbers(struct writer *w, const struct shape *s, grammar_expr *out);
bool schema_strings(struct writer *w, const struct shape *s, grammar_expr *out);
bool schema_objects(struct writer *w, const struct shape *s, grammar_expr *out);

#endif
