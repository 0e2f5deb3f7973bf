#include "runtime/kv_cache.h"

#include "base/memory.h"

/* A page that waits for reuse holds the next one's address in its first bytes. */
struct free_page {
    struct free_page *next;
};

struct kv_cache {
    size_t page_bytes;
    uint64_t budget_bytes, reuse_bytes;
    uint64_t n_allocated, n_taken;
    struct free_page *free_pages;
    kv_spare *spare; /* NULL: nobody has any */
    void *spare_context;
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
    cache->reuse_bytes = options->reuse_bytes;
    *out = cache;
    return true;
}

static uint8_t *pop_free(struct kv_cache *cache)
{
    struct free_page *page = cache->free_pages;
    if (page)
        cache->free_pages = page->next;
    return (uint8_t *)page;
}

static void release(struct kv_cache *cache, uint8_t *page)
{
    memory_free_pages(page, cache->page_bytes);
    cache->n_allocated--;
}

void kv_cache_close(struct kv_cache **cache)
{
    if (!*cache)
        return;
    for (uint8_t *page; (page = pop_free(*cache));)
        release(*cache, page);
    memory_free(*cache);
    *cache = NULL;
}

static bool is_roomy(const struct kv_cache *cache)
{
    return !cache->reuse_bytes || cache->n_allocated < cache->reuse_bytes / cache->page_bytes;
}

static bool fits(const struct kv_cache *cache, uint64_t n_pages)
{
    return n_pages <= cache->budget_bytes / cache->page_bytes;
}

static bool spare_one(struct kv_cache *cache)
{
    return cache->spare && cache->spare(cache->spare_context);
}

/* NULL when the budget or the system's memory is used up. */
static uint8_t *allocate(struct kv_cache *cache)
{
    uint8_t *page = fits(cache, cache->n_allocated + 1) ? memory_huge(cache->page_bytes) : NULL;
    cache->n_allocated += page != NULL;
    return page;
}

bool kv_cache_take(struct kv_cache *cache, uint8_t **page, struct error *err)
{
    *page = pop_free(cache);
    if (!*page && !is_roomy(cache) && spare_one(cache))
        *page = pop_free(cache);
    while (!*page && !(*page = allocate(cache)) && spare_one(cache))
        *page = pop_free(cache);
    cache->n_taken += *page != NULL;
    if (*page)
        return true;
    if (fits(cache, cache->n_allocated + 1))
        return fail_memory(err, cache->page_bytes, "keys and values");
    return fail(err, ERROR_BUDGET,
                "no memory left for keys and values: %" PRIu64
                " bytes needed, the budget is %" PRIu64,
                (cache->n_allocated + 1) * cache->page_bytes, cache->budget_bytes);
}

void kv_cache_give_back(struct kv_cache *cache, uint8_t *page)
{
    cache->n_taken--;
    if (!fits(cache, cache->n_allocated)) {
        release(cache, page);
        return;
    }
    struct free_page *ready = (struct free_page *)(void *)page;
    ready->next = cache->free_pages;
    cache->free_pages = ready;
}

void kv_cache_spare_by(struct kv_cache *cache, kv_spare *spare, void *context)
{
    cache->spare = spare;
    cache->spare_context = context;
}

void kv_cache_set_budget(struct kv_cache *cache, uint64_t budget_bytes)
{
    cache->budget_bytes = budget_bytes;
    while (!fits(cache, cache->n_allocated)) {
        uint8_t *page = pop_free(cache);
        if (page)
            release(cache, page);
        else if (!spare_one(cache))
            break;
    }
}

uint64_t kv_cache_budget_bytes(const struct kv_cache *cache)
{
    return cache->budget_bytes;
}

size_t kv_cache_page_bytes(const struct kv_cache *cache)
{
    return cache->page_bytes;
}

uint64_t kv_cache_taken_bytes(const struct kv_cache *cache)
{
    return cache->n_taken * cache->page_bytes;
}

uint64_t kv_cache_allocated_bytes(const struct kv_cache *cache)
{
    return cache->n_allocated * cache->page_bytes;
}
