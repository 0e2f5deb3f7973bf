/* schema_shape.h: what schemas say of one value, taken apart; private to json_schema.
 *
 * Owns claims (a schema holds, or does not) and shapes (simple constraints per kind of value, which
 * hold together). Any set of claims is the union of some shapes: connectives are worked off as a
 * tableau does, one branch for each way in which they can hold. What lies deeper (members, items)
 * stays claims. */
#ifndef SCHEMA_SHAPE_H
#define SCHEMA_SHAPE_H

#include "base/base.h"
#include "runtime/grammar/schema_document.h"
#include "runtime/grammar/value_spelling.h"

/* "`schema` holds", or not. */
struct claim {
    const struct json *schema;
    bool is_denied;
};

struct claims {
    struct claim *items; /* in an arena; sorted and different when they are a key */
    size_t count;
};

/* One of the many: a list in an arena, the newest in front, shared by branches. */
struct link {
    const struct link *next;
    const struct json *node; /* the schema, or the value, that says so */
    struct slice name;       /* of a member */
    size_t index;            /* of an item */
    double number;
    bool is_denied;
};

struct shape {
    unsigned kinds;
    bool has_low, has_high, is_low_open, is_high_open;
    double low, high;
    uint32_t min_length, max_length; /* characters */
    uint32_t min_items, max_items;
    uint32_t min_members, max_members;
    const struct link *steps;         /* multipleOf */
    const struct link *patterns;      /* node: the string */
    const struct link *formats;       /* node: the string */
    const struct link *choices;       /* enum, const: node is the array, or (index 1) the value */
    const struct link *exclusions;    /* the same, denied */
    const struct link *arrays;        /* schemas with items, prefixItems, additionalItems */
    const struct link *objects;       /* schemas with properties, additionalProperties */
    const struct link *required;      /* names */
    const struct link *forbidden;     /* names */
    const struct link *item_claims;   /* index, node, is_denied */
    const struct link *member_claims; /* name, node, is_denied */
    const struct link *seen;          /* claims that this branch holds, all of them */
};

struct shapes {
    struct shape *items;
    size_t count, capacity;
};

/* The shapes whose union are the values for which all claims hold; released with memory_free.
 * Errors: a keyword that is not supported, or more than a thousand branches. */
bool shapes_of(const struct schema_document *d, const struct claims *claims, struct shapes *out,
               struct error *err) MUST_CHECK;

/* Whether certainly no value fulfils the claims; looks a few levels deep. */
bool claims_are_empty(const struct schema_document *d, const struct claims *claims, size_t depth,
                      bool *are_empty, struct error *err) MUST_CHECK;

/* What is claimed of the item at an index, or of a member. `claims` is made in the document's
 * arena. *is_declared tells whether the name stands under "properties" anywhere. */
bool shape_item_claims(const struct schema_document *d, const struct shape *s, size_t index,
                       struct claims *claims, struct error *err) MUST_CHECK;
bool shape_member_claims(const struct schema_document *d, const struct shape *s, struct slice name,
                         struct claims *claims, struct error *err) MUST_CHECK;

/* The same for items behind all prefixes. */
bool shape_rest_claims(const struct schema_document *d, const struct shape *s,
                       struct claims *claims, struct error *err) MUST_CHECK;

/* Names that nobody declares are told apart by the patterns of patternProperties that they match:
 * the distinct patterns, and what is claimed of members whose names match those with a bit in
 * `matched`. */
enum { MAX_NAME_PATTERNS = 6 };
bool shape_name_patterns(const struct schema_document *d, const struct shape *s,
                         struct slice patterns[MAX_NAME_PATTERNS], size_t *n,
                         struct error *err) MUST_CHECK;
bool shape_additional_claims(const struct schema_document *d, const struct shape *s,
                             const struct slice *patterns, unsigned matched, struct claims *claims,
                             struct error *err) MUST_CHECK;

/* How many items have claims of their own. */
size_t shape_prefix_length(const struct shape *s);

/* Whether a text contains a match of a pattern. */
bool pattern_matches(struct slice pattern, struct slice text, bool *matches,
                     struct error *err) MUST_CHECK;

/* Whether a value is valid under a schema. Errors: unsupported keywords. */
bool schema_accepts(const struct schema_document *d, const struct json *schema,
                    const struct json *value, bool *accepts, struct error *err) MUST_CHECK;

#endif
