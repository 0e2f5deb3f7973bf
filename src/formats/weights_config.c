/* Configuration by key, from a GGUF file's metadata or from config.json. */
#include "formats/weights_index.h"

#include <stdio.h>

/* Longest key that is looked up; ours are far shorter. */
enum { MOST_KEY_BYTES = 256 };

/* A value in either kind of file; both NULL: absent. */
struct setting {
    const struct gguf_value *entry;
    const struct json *node;
};

static struct slice next_alternative(const char **keys)
{
    const char *bar = strchr(*keys, '|');
    size_t length = bar ? (size_t)(bar - *keys) : strlen(*keys);
    struct slice key = { *keys, length };
    *keys = bar ? bar + 1 : *keys + length;
    return key;
}

static struct setting find_entry(const struct weights *w, struct slice key)
{
    char name[MOST_KEY_BYTES];
    struct slice architecture;
    struct setting found = { 0 };
    if (gguf_as_string(gguf_find(w->gguf, "general.architecture"), &architecture) &&
        architecture.length + key.length + 2 <= sizeof name) {
        snprintf(name, sizeof name, "%.*s.%.*s", (int)architecture.length, architecture.data,
                 (int)key.length, key.data);
        found.entry = gguf_find(w->gguf, name);
    }
    if (!found.entry && key.length < sizeof name) {
        snprintf(name, sizeof name, "%.*s", (int)key.length, key.data);
        found.entry = gguf_find(w->gguf, name);
    }
    return found;
}

static struct setting find_node(const struct weights *w, struct slice key)
{
    const struct json *node = w->config;
    while (node && key.length > 0) {
        char step[MOST_KEY_BYTES];
        const char *dot = memchr(key.data, '.', key.length);
        size_t length = dot ? (size_t)(dot - key.data) : key.length;
        if (length >= sizeof step)
            return (struct setting){ 0 };
        snprintf(step, sizeof step, "%.*s", (int)length, key.data);
        node = json_get(node, step);
        key.data += length + (dot != NULL);
        key.length -= length + (dot != NULL);
    }
    bool absent = json_kind(node) == JSON_KIND_NULL;
    return (struct setting){ .node = absent ? NULL : node };
}

/* The first alternative that is there. Also clears err->code, by which callers tell absent from
 * wrong. */
static bool find_setting(const struct weights *w, const char *keys, struct setting *found,
                         struct error *err)
{
    if (err)
        err->code = ERROR_NONE;
    *found = (struct setting){ 0 };
    while (*keys && !found->entry && !found->node) {
        struct slice key = next_alternative(&keys);
        *found = w->gguf ? find_entry(w, key) : find_node(w, key);
    }
    return found->entry || found->node;
}

static bool fail_kind(const struct weights *w, const char *keys, const char *wanted,
                      struct error *err)
{
    return fail(err, ERROR_FORMAT, "'%s': the setting '%s' is not %s",
                w->gguf ? w->path : w->config_path, keys, wanted);
}

static bool json_as_int(const struct json *node, int64_t *out)
{
    int64_t value = json_int(node, 0);
    if (value != json_int(node, 1)) /* no number equals both fallbacks */
        return false;
    *out = value;
    return true;
}

bool weights_int(const struct weights *weights, const char *key, int64_t *out, struct error *err)
{
    struct setting found;
    if (!find_setting(weights, key, &found, err))
        return false;
    bool ok = found.entry ? found.entry->type != GGUF_ARRAY && gguf_as_int(found.entry, 0, out)
                          : json_as_int(found.node, out);
    return ok || fail_kind(weights, key, "a whole number", err);
}

bool weights_double(const struct weights *weights, const char *key, double *out, struct error *err)
{
    struct setting found;
    if (!find_setting(weights, key, &found, err))
        return false;
    enum json_kind kind = json_kind(found.node);
    bool ok = kind == JSON_KIND_INTEGER || kind == JSON_KIND_REAL;
    if (found.entry)
        ok = found.entry->type != GGUF_ARRAY && gguf_as_double(found.entry, 0, out);
    else if (ok)
        *out = json_number(found.node, 0);
    return ok || fail_kind(weights, key, "a number", err);
}

bool weights_bool(const struct weights *weights, const char *key, bool *out, struct error *err)
{
    struct setting found;
    if (!find_setting(weights, key, &found, err))
        return false;
    bool ok = json_kind(found.node) == JSON_KIND_BOOL;
    if (found.entry)
        ok = found.entry->type != GGUF_ARRAY && gguf_as_bool(found.entry, 0, out);
    else if (ok)
        *out = json_flag(found.node, false);
    return ok || fail_kind(weights, key, "true or false", err);
}

bool weights_string(const struct weights *weights, const char *key, struct slice *out,
                    struct error *err)
{
    struct setting found;
    if (!find_setting(weights, key, &found, err))
        return false;
    bool ok = json_kind(found.node) == JSON_KIND_STRING;
    if (found.entry)
        ok = gguf_as_string(found.entry, out);
    else if (ok)
        *out = json_text(found.node);
    return ok || fail_kind(weights, key, "a string", err);
}

bool weights_int_array(const struct weights *weights, const char *key, int64_t *out,
                       size_t capacity, size_t *count, struct error *err)
{
    struct setting found;
    if (!find_setting(weights, key, &found, err))
        return false;
    if (found.entry ? found.entry->type != GGUF_ARRAY : json_kind(found.node) != JSON_KIND_ARRAY)
        return false;
    uint64_t n = found.entry ? found.entry->count : json_size(found.node);
    if (n > capacity)
        return fail(err, ERROR_FORMAT,
                    "'%s': the setting '%s' has %" PRIu64 " elements, at most %zu are expected",
                    found.entry ? weights->path : weights->config_path, key, n, capacity);
    for (size_t i = 0; i < n; i++)
        if (found.entry ? !gguf_as_int(found.entry, i, &out[i])
                        : !json_as_int(json_at(found.node, i), &out[i]))
            return fail_kind(weights, key, "an array of whole numbers", err);
    *count = (size_t)n;
    return true;
}

bool weights_architecture(const struct weights *weights, struct slice *out, struct error *err)
{
    const char *key = weights->gguf ? "general.architecture" : "model_type";
    struct error problem = { 0 };
    if (weights_string(weights, key, out, &problem))
        return true;
    if (problem.code != ERROR_NONE)
        return fail(err, problem.code, "%s", problem.message);
    return fail(err, ERROR_FORMAT, "'%s' does not say which architecture it is: no '%s'",
                weights->gguf ? weights->path : weights->config_path, key);
}
