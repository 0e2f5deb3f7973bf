#include "chat/gotemplate/go_value.h"

#include <stdlib.h>

/* Deeper documents are refused: printing and JSON walk values recursively. */
enum { MAX_VALUE_DEPTH = 256 };

static int compare_keys(const void *a, const void *b)
{
    struct slice x = ((const struct go_member *)a)->key, y = ((const struct go_member *)b)->key;
    size_t shorter = size_min(x.length, y.length);
    int order = shorter ? memcmp(x.data, y.data, shorter) : 0;
    return order ? order : (x.length > y.length) - (x.length < y.length);
}

void go_sort_members(struct go_member *members, size_t count)
{
    if (count > 1)
        qsort(members, count, sizeof *members, compare_keys);
}

static bool from_json(struct go_value *out, const struct json *node, struct arena *arena,
                      size_t depth, struct error *err);

static bool list_from_json(struct go_value *out, const struct json *node, struct arena *arena,
                           size_t depth, struct error *err)
{
    size_t count = json_size(node);
    struct go_value *items = arena_alloc_array(arena, count + 1, sizeof *items);
    if (!items)
        return fail_memory(err, count * sizeof *items, "values of a template");
    for (size_t i = 0; i < count; i++)
        if (!from_json(&items[i], json_at(node, i), arena, depth + 1, err))
            return false;
    *out = go_list(items, count);
    return true;
}

static bool map_from_json(struct go_value *out, const struct json *node, struct arena *arena,
                          size_t depth, struct error *err)
{
    size_t count = json_size(node), n = 0;
    struct go_member *members = arena_alloc_array(arena, count + 1, sizeof *members);
    if (!members)
        return fail_memory(err, count * sizeof *members, "values of a template");
    for (const struct json_member *m = json_first(node); m; m = json_next(node, m), n++) {
        members[n].key = json_member_key(m);
        if (!from_json(&members[n].value, json_member_value(m), arena, depth + 1, err))
            return false;
    }
    go_sort_members(members, n);
    *out = (struct go_value){ .kind = GO_MAP, .count = n, .members = members };
    return true;
}

static bool from_json(struct go_value *out, const struct json *node, struct arena *arena,
                      size_t depth, struct error *err)
{
    if (depth > MAX_VALUE_DEPTH)
        return fail(err, ERROR_BUDGET, "values of a template are nested more than %d deep",
                    MAX_VALUE_DEPTH);
    switch (json_kind(node)) {
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
        *out = (struct go_value){ .kind = GO_NIL };
        return true;
    case JSON_KIND_BOOL:
        *out = go_bool(json_flag(node, false));
        return true;
    case JSON_KIND_INTEGER:
    case JSON_KIND_LONG_INTEGER:
    case JSON_KIND_REAL:
        *out = (struct go_value){ .kind = GO_REAL, .real = json_number(node, 0) };
        return true;
    case JSON_KIND_STRING:
        *out = go_text(json_text(node));
        return true;
    case JSON_KIND_ARRAY:
        return list_from_json(out, node, arena, depth, err);
    case JSON_KIND_OBJECT:
        return map_from_json(out, node, arena, depth, err);
    }
    return true;
}

bool go_value_from_json(struct go_value *out, const struct json *node, struct arena *arena,
                        struct error *err)
{
    return from_json(out, node, arena, 0, err);
}

const struct go_value *go_member_value(struct go_value value, struct slice key)
{
    if (value.kind != GO_MAP && value.kind != GO_STRUCT)
        return NULL;
    for (size_t i = 0; i < value.count; i++)
        if (slice_equal(value.members[i].key, key))
            return &value.members[i].value;
    return NULL;
}

bool go_is_empty(struct go_value value)
{
    switch (value.kind) {
    case GO_NONE:
    case GO_NIL:
        return true;
    case GO_BOOL:
        return !value.flag;
    case GO_INT:
    case GO_BYTE:
        return value.integer == 0;
    case GO_REAL:
        return value.real == 0;
    case GO_TEXT:
        return value.text.length == 0;
    case GO_LIST:
    case GO_MAP:
        return value.count == 0;
    case GO_STRUCT:
        return false;
    }
    return true;
}

bool go_is_true(struct go_value value)
{
    return !go_is_empty(value);
}
