#include "runtime/grammar/schema_document.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 16 << 20, MAX_DEPTH = 200, MAX_PATH = 500 };

static bool out_of_memory(struct error *err)
{
    return fail(err, ERROR_MEMORY, "out of memory for a schema");
}

/* ---- URIs ---- */

static bool has_scheme(struct slice uri)
{
    for (size_t i = 0; i < uri.length; i++) {
        if (uri.data[i] == ':')
            return i > 0;
        if (strchr("/?#", uri.data[i]))
            return false;
    }
    return false;
}

/* `reference` seen from `base`, both without fragment (RFC 3986, 5.2, as far as schemas need it).
 */
static char *resolve(struct arena *arena, const char *base, struct slice reference)
{
    if (reference.length == 0)
        return arena_copy(arena, slice_of(base));
    if (has_scheme(reference))
        return arena_copy(arena, reference);
    const char *authority = strstr(base, "://");
    const char *path = authority ? strchr(authority + 3, '/') : NULL;
    size_t kept = strlen(base);
    if (reference.data[0] == '/' && path)
        kept = (size_t)(path - base);
    else if (reference.data[0] != '/')
        while (kept > 0 && base[kept - 1] != '/')
            kept--;
    return arena_printf(arena, "%.*s%.*s", (int)kept, base, (int)reference.length, reference.data);
}

static struct slice before_fragment(struct slice uri)
{
    size_t n = 0;
    while (n < uri.length && uri.data[n] != '#')
        n++;
    return (struct slice){ uri.data, n };
}

/* ---- the index ---- */

static bool name_resource(struct schema_document *d, char *uri, const struct json *node)
{
    return uri && table_put(&d->resources, slice_of(uri), (uintptr_t)node);
}

static bool remember_base(struct schema_document *d, const struct json *node, const char *base)
{
    const struct json **key = arena_alloc(d->arena, sizeof *key);
    if (!key)
        return false;
    *key = node;
    return table_put(&d->bases, (struct slice){ (const char *)key, sizeof *key }, (uintptr_t)base);
}

static bool index_node(struct schema_document *d, const struct json *node, const char *base,
                       size_t depth, struct error *err);

static bool index_members(struct schema_document *d, const struct json *node, const char *base,
                          size_t depth, struct error *err)
{
    for (const struct json_member *m = json_first(node); m; m = json_next(node, m)) {
        bool is_data = slice_equal(json_member_key(m), slice_of("enum")) ||
                       slice_equal(json_member_key(m), slice_of("const"));
        if (!is_data && !index_node(d, json_member_value(m), base, depth + 1, err))
            return false;
    }
    return true;
}

static bool index_object(struct schema_document *d, const struct json *node, const char *base,
                         size_t depth, struct error *err)
{
    const struct json *id = json_get(node, "$id"), *anchor = json_get(node, "$anchor");
    bool beside_ref = d->ignores_beside_ref && json_get(node, "$ref");
    struct slice text = json_text(id), name = json_text(anchor);
    if (json_kind(id) == JSON_KIND_STRING && !beside_ref) {
        if (text.length && text.data[0] == '#') { /* draft 7's way to write an anchor */
            if (!name_resource(
                    d, arena_printf(d->arena, "%s%.*s", base, (int)text.length, text.data), node))
                return out_of_memory(err);
        } else {
            char *own = resolve(d->arena, base, before_fragment(text));
            if (!name_resource(d, own, node))
                return out_of_memory(err);
            base = own;
        }
    }
    if (json_kind(anchor) == JSON_KIND_STRING &&
        !name_resource(d, arena_printf(d->arena, "%s#%.*s", base, (int)name.length, name.data),
                       node))
        return out_of_memory(err);
    if (!remember_base(d, node, base))
        return out_of_memory(err);
    return index_members(d, node, base, depth, err);
}

static bool index_node(struct schema_document *d, const struct json *node, const char *base,
                       size_t depth, struct error *err)
{
    if (depth > MAX_DEPTH)
        return fail(err, ERROR_BUDGET, "the schema nests more than %d deep", MAX_DEPTH);
    if (json_kind(node) == JSON_KIND_OBJECT)
        return index_object(d, node, base, depth, err);
    for (size_t i = 0; json_kind(node) == JSON_KIND_ARRAY && i < json_size(node); i++)
        if (!index_node(d, json_at(node, i), base, depth + 1, err))
            return false;
    return true;
}

bool schema_document_open(struct schema_document *d, const struct json *root, struct error *err)
{
    *d = (struct schema_document){ .root = root, .arena = arena_new(ARENA_BYTES) };
    struct slice draft = json_text(json_get(root, "$schema"));
    static const char *const old[] = { "draft-07", "draft-06", "draft-04" };
    for (size_t i = 0; i < COUNT_OF(old); i++)
        if (draft.length && memmem(draft.data, draft.length, old[i], strlen(old[i])))
            d->ignores_beside_ref = true;
    char *base = d->arena ? arena_copy(d->arena, slice_of("")) : NULL;
    if (!base || !table_init(&d->bases, 64) || !table_init(&d->resources, 16) ||
        !name_resource(d, base, root))
        return out_of_memory(err);
    return index_node(d, root, base, 0, err);
}

void schema_document_close(struct schema_document *d)
{
    table_release(&d->bases);
    table_release(&d->resources);
    arena_free(&d->arena);
}

/* ---- following ---- */

/* One step of a JSON pointer, with its escapes (~0, ~1, and %XX of the URI) undone. */
static char *pointer_step(struct arena *arena, struct slice *rest)
{
    size_t n = 0, out = 0;
    rest->data++; /* the slash */
    rest->length--;
    while (n < rest->length && rest->data[n] != '/')
        n++;
    char *step = arena_copy(arena, (struct slice){ rest->data, n });
    rest->data += n;
    rest->length -= n;
    for (size_t i = 0; step && i < n; i++, out++) {
        unsigned byte;
        if (step[i] == '%' && i + 2 < n && sscanf(step + i + 1, "%2x", &byte) == 1) {
            step[out] = (char)byte;
            i += 2;
        } else {
            step[out] = step[i];
        }
    }
    if (!step)
        return NULL;
    step[out] = '\0';
    size_t length = 0;
    for (size_t i = 0; i < out; i++, length++) {
        bool is_escape = step[i] == '~' && (step[i + 1] == '0' || step[i + 1] == '1');
        step[length] = is_escape ? (step[i + 1] == '0' ? '~' : '/') : step[i];
        i += is_escape;
    }
    step[length] = '\0';
    return step;
}

static const struct json *at_pointer(const struct schema_document *d, const struct json *node,
                                     struct slice pointer)
{
    while (node && pointer.length) {
        char *step = pointer_step(d->arena, &pointer);
        if (!step)
            return NULL;
        char *end;
        if (json_kind(node) == JSON_KIND_ARRAY)
            node = json_at(node, strtoul(step, &end, 10));
        else
            node = json_get(node, step);
    }
    return node;
}

bool schema_document_follow(const struct schema_document *d, const struct json *node,
                            const struct json **target, struct error *err)
{
    struct slice reference = json_text(json_get(node, "$ref"));
    struct slice uri = before_fragment(reference);
    struct slice fragment = { reference.data + uri.length, reference.length - uri.length };
    uint64_t base = 0, resource = 0;
    table_get(&d->bases, (struct slice){ (const char *)&node, sizeof node }, &base);
    char *absolute = resolve(d->arena, base ? (const char *)(uintptr_t)base : "", uri);
    *target = NULL;
    if (!absolute)
        return out_of_memory(err);
    if (fragment.length > 1 && fragment.data[1] != '/') { /* an anchor */
        char *whole =
            arena_printf(d->arena, "%s%.*s", absolute, (int)fragment.length, fragment.data);
        if (whole && table_get(&d->resources, slice_of(whole), &resource))
            *target = (const struct json *)(uintptr_t)resource;
    } else if (table_get(&d->resources, slice_of(absolute), &resource)) {
        const struct json *found = (const struct json *)(uintptr_t)resource;
        size_t skipped = fragment.length > 0;
        struct slice pointer = { fragment.data + skipped, fragment.length - skipped };
        *target = at_pointer(d, found, pointer);
    }
    if (!*target)
        return fail(err, ERROR_UNSUPPORTED, "%s: $ref to '%s', which is not in this schema",
                    schema_document_path(d, node), printable(reference));
    return true;
}

/* ---- paths ---- */

static bool find_path(const struct json *from, const struct json *wanted, char *path, size_t n,
                      size_t depth)
{
    if (from == wanted)
        return true;
    if (depth > MAX_DEPTH)
        return false;
    path[n] = '\0';
    for (size_t i = 0; json_kind(from) == JSON_KIND_ARRAY && i < json_size(from); i++) {
        int written = snprintf(path + n, MAX_PATH - n, "/%zu", i);
        if (n + (size_t)written < MAX_PATH &&
            find_path(json_at(from, i), wanted, path, n + (size_t)written, depth + 1))
            return true;
    }
    for (const struct json_member *m = json_first(from); m; m = json_next(from, m)) {
        int written = snprintf(path + n, MAX_PATH - n, "/%s", printable(json_member_key(m)));
        if (n + (size_t)written < MAX_PATH &&
            find_path(json_member_value(m), wanted, path, n + (size_t)written, depth + 1))
            return true;
    }
    path[n] = '\0';
    return false;
}

const char *schema_document_path(const struct schema_document *d, const struct json *node)
{
    static _Thread_local char path[MAX_PATH];
    strcpy(path, "#");
    if (!find_path(d->root, node, path, 1, 0))
        strcpy(path, "#");
    return path;
}
