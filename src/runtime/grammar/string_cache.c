#include "runtime/grammar/string_cache.h"

#include "base/arena.h"
#include "base/memory.h"
#include "base/table.h"
#include "runtime/grammar/json_text.h"
#include "runtime/grammar/value_spelling.h"

enum { KEYS_BYTES = 4 << 20 }; /* what has no room is computed again */

struct string_cache {
    struct arena *keys;
    struct table expressions;
    struct regular *json;
};

bool string_cache_open(struct string_cache **out, struct error *err)
{
    struct string_cache *cache = *out = memory_zeroed(1, sizeof *cache);
    if (cache && (cache->keys = arena_new(KEYS_BYTES)) && table_init(&cache->expressions, 16))
        return true;
    string_cache_close(out);
    return fail_memory(err, sizeof *cache, "the strings of a schema");
}

void string_cache_close(struct string_cache **cache)
{
    if (!*cache)
        return;
    table_release(&(*cache)->expressions);
    arena_free(&(*cache)->keys);
    regular_close(&(*cache)->json);
    memory_free(*cache);
    *cache = NULL;
}

bool string_cache_get(const struct string_cache *cache, struct slice key, grammar_expr *out)
{
    uint64_t e;
    if (!table_get(&cache->expressions, key, &e))
        return false;
    *out = (grammar_expr)e;
    return true;
}

bool string_cache_put(struct string_cache *cache, struct slice key, grammar_expr e,
                      struct error *err)
{
    if (arena_used(cache->keys) + key.length + 64 > KEYS_BYTES)
        return true;
    char *copy = arena_copy(cache->keys, key);
    return (copy && table_put(&cache->expressions, (struct slice){ copy, key.length }, e)) ||
           fail_memory(err, key.length, "the strings of a schema");
}

bool string_cache_json(struct string_cache *cache, const struct regular **out, struct error *err)
{
    if (!cache->json) {
        struct grammar *own = grammar_new();
        grammar_expr any =
            own ? grammar_repeat(own, json_character(own, NULL, 0, true), 0, UINT32_MAX)
                : GRAMMAR_NONE;
        if (!regular_of(&cache->json, own, any, err))
            return false;
    }
    *out = cache->json;
    return true;
}
