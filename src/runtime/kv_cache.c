#include "runtime/kv_cache.h"

#include "base/memory.h"

/* A page that waits for reuse holds the next one's address in its first bytes. */
struct free_page {
    struct free_page *next;
};

struct kv_cache {
    size_t page_bytes;
    uint64_t budget_bytes;
    uint64_t n_allocated, n_used;
    struct free_page *free_pages;
};

static const char *const type_names[] = {
    [KV_F16] = "f16", [KV_BF16] = "bf16", [KV_F32] = "f32", [KV_Q8_0] = "q8_0", [KV_AUTO] = "auto",
};

bool kv_type_from_name(const char *name, enum kv_type *type, struct error *err)
{
    for (size_t i = 0; i < COUNT_OF(type_names); i++)
        if (strcmp(name, type_names[i]) == 0) {
            *type = (enum kv_type)i;
            return true;
        }
    return fail(err, ERROR_USAGE,
                "keys and values cannot be stored as '%s', only as f16, bf16, f32, q8_0 or auto",
                name);
}

const char *kv_type_name(enum kv_type type)
{
    return type_names[type];
}

static bool check_type(const struct kv_cache_options *options, struct error *err)
{
    if (options->type != KV_Q8_0 || options->head_dim % KV_BLOCK == 0)
        return true;
    return fail(err, ERROR_USAGE,
                "q8_0 stores keys and values in blocks of %d elements, but this model's heads have "
                "%zu: choose f16 or bf16",
                KV_BLOCK, options->head_dim);
}

bool kv_cache_open(struct kv_cache **out, const struct kv_cache_options *options, struct error *err)
{
    *out = NULL;
    if (!check_type(options, err))
        return false;
    struct kv_cache *cache = memory_zeroed(1, sizeof *cache);
    if (!cache)
        return fail_memory(err, sizeof *cache, "a KV cache");
    cache->page_bytes =
        options->n_layers * kv_layer_bytes(options->type, options->n_kv_heads, options->head_dim);
    cache->budget_bytes = options->budget_bytes;
    *out = cache;
    return true;
}

void kv_cache_close(struct kv_cache **cache)
{
    if (!*cache)
        return;
    while ((*cache)->free_pages) {
        struct free_page *page = (*cache)->free_pages;
        (*cache)->free_pages = page->next;
        memory_free(page);
    }
    memory_free(*cache);
    *cache = NULL;
}

bool kv_cache_take(struct kv_cache *cache, uint8_t **page, struct error *err)
{
    struct free_page *ready = cache->free_pages;
    if (ready) {
        cache->free_pages = ready->next;
        cache->n_used++;
        *page = (uint8_t *)ready;
        return true;
    }
    uint64_t after = (cache->n_allocated + 1) * cache->page_bytes;
    if (after > cache->budget_bytes)
        return fail(err, ERROR_BUDGET,
                    "no memory left for keys and values: %" PRIu64
                    " bytes needed, the budget is %" PRIu64,
                    after, cache->budget_bytes);
    *page = memory_huge(cache->page_bytes);
    if (!*page)
        return fail_memory(err, cache->page_bytes, "keys and values");
    cache->n_allocated++;
    cache->n_used++;
    return true;
}

void kv_cache_give_back(struct kv_cache *cache, uint8_t *page)
{
    struct free_page *ready = (struct free_page *)(void *)page;
    ready->next = cache->free_pages;
    cache->free_pages = ready;
    cache->n_used--;
}

size_t kv_cache_page_bytes(const struct kv_cache *cache)
{
    return cache->page_bytes;
}

uint64_t kv_cache_allocated_bytes(const struct kv_cache *cache)
{
    return cache->n_allocated * cache->page_bytes;
}
