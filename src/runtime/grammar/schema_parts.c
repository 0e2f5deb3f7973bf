/* schema_parts.c: what a shape claims of its items and members, gathered from the schemas that it
 * came from. */
#include "runtime/grammar/schema_shape.h"

static bool claim(const struct schema_document *d, struct claims *claims, const struct json *schema,
                  bool is_denied, struct error *err)
{
    if (!schema || (json_flag(schema, false) && !is_denied))
        return true;
    for (size_t i = 0; i < claims->count; i++)
        if (claims->items[i].schema == schema && claims->items[i].is_denied == is_denied)
            return true;
    /* powers of two: room doubles when the count reaches one */
    if ((claims->count & (claims->count - 1)) == 0) {
        size_t room = claims->count ? 2 * claims->count : 1;
        struct claim *items = arena_alloc_array(d->arena, room, sizeof *items);
        if (!items)
            return fail(err, ERROR_MEMORY, "out of memory for a schema");
        if (claims->count)
            memcpy(items, claims->items, claims->count * sizeof *items);
        claims->items = items;
    }
    claims->items[claims->count++] = (struct claim){ schema, is_denied };
    return true;
}

static const struct json *prefix_of(const struct json *schema)
{
    const struct json *items = json_get(schema, "items");
    return json_kind(items) == JSON_KIND_ARRAY ? items : json_get(schema, "prefixItems");
}

static const struct json *rest_of(const struct json *schema)
{
    const struct json *items = json_get(schema, "items");
    return json_kind(items) == JSON_KIND_ARRAY ? json_get(schema, "additionalItems") : items;
}

size_t shape_prefix_length(const struct shape *s)
{
    size_t length = 0;
    for (const struct link *l = s->arrays; l; l = l->next)
        length = size_max(length, json_size(prefix_of(l->node)));
    for (const struct link *l = s->item_claims; l; l = l->next)
        length = size_max(length, l->index + 1);
    return length;
}

bool shape_item_claims(const struct schema_document *d, const struct shape *s, size_t index,
                       struct claims *claims, struct error *err)
{
    *claims = (struct claims){ 0 };
    for (const struct link *l = s->arrays; l; l = l->next) {
        const struct json *own = json_at(prefix_of(l->node), index);
        if (!claim(d, claims, own ? own : rest_of(l->node), false, err))
            return false;
    }
    for (const struct link *l = s->item_claims; l; l = l->next)
        if (l->index == index && !claim(d, claims, l->node, l->is_denied, err))
            return false;
    return true;
}

bool shape_rest_claims(const struct schema_document *d, const struct shape *s,
                       struct claims *claims, struct error *err)
{
    return shape_item_claims(d, s, SIZE_MAX, claims, err);
}

/* What one schema's patternProperties claim of a name; *found: some pattern matches. */
static bool claim_by_patterns(const struct schema_document *d, const struct json *schema,
                              struct slice name, struct claims *claims, bool *found,
                              struct error *err)
{
    const struct json *patterns = json_get(schema, "patternProperties");
    for (const struct json_member *m = json_first(patterns); m; m = json_next(patterns, m)) {
        bool matches;
        if (!pattern_matches(json_member_key(m), name, &matches, err))
            return fail_while(err, "%s", schema_document_path(d, patterns));
        *found |= matches;
        if (matches && !claim(d, claims, json_member_value(m), false, err))
            return false;
    }
    return true;
}

bool shape_member_claims(const struct schema_document *d, const struct shape *s, struct slice name,
                         struct claims *claims, struct error *err)
{
    *claims = (struct claims){ 0 };
    for (const struct link *l = s->objects; l; l = l->next) {
        const struct json *own = json_member(json_get(l->node, "properties"), name);
        bool found = own != NULL;
        if (!claim(d, claims, own, false, err) ||
            !claim_by_patterns(d, l->node, name, claims, &found, err) ||
            (!found && !claim(d, claims, json_get(l->node, "additionalProperties"), false, err)))
            return false;
    }
    for (const struct link *l = s->member_claims; l; l = l->next)
        if (slice_equal(l->name, name) && !claim(d, claims, l->node, l->is_denied, err))
            return false;
    return true;
}

bool shape_name_patterns(const struct schema_document *d, const struct shape *s,
                         struct slice patterns[MAX_NAME_PATTERNS], size_t *n, struct error *err)
{
    *n = 0;
    for (const struct link *l = s->objects; l; l = l->next) {
        const struct json *own = json_get(l->node, "patternProperties");
        for (const struct json_member *m = json_first(own); m; m = json_next(own, m)) {
            size_t i = 0;
            while (i < *n && !slice_equal(patterns[i], json_member_key(m)))
                i++;
            if (i < *n)
                continue;
            if (*n == MAX_NAME_PATTERNS)
                return fail(err, ERROR_UNSUPPORTED, "%s: more than %d patterns",
                            schema_document_path(d, own), MAX_NAME_PATTERNS);
            patterns[(*n)++] = json_member_key(m);
        }
    }
    return true;
}

static bool is_matched(const struct slice *patterns, unsigned matched, struct slice pattern)
{
    for (size_t i = 0; matched >> i; i++)
        if ((matched >> i & 1) && slice_equal(patterns[i], pattern))
            return true;
    return false;
}

bool shape_additional_claims(const struct schema_document *d, const struct shape *s,
                             const struct slice *patterns, unsigned matched, struct claims *claims,
                             struct error *err)
{
    *claims = (struct claims){ 0 };
    for (const struct link *l = s->objects; l; l = l->next) {
        const struct json *own = json_get(l->node, "patternProperties");
        bool found = false;
        for (const struct json_member *m = json_first(own); m; m = json_next(own, m)) {
            if (!is_matched(patterns, matched, json_member_key(m)))
                continue;
            found = true;
            if (!claim(d, claims, json_member_value(m), false, err))
                return false;
        }
        if (!found && !claim(d, claims, json_get(l->node, "additionalProperties"), false, err))
            return false;
    }
    return true;
}
