/* kv_cache.h: paged memory for the keys and values of one model's sequences.
 *
 * Owns the memory of pages; a page holds KV_PAGE_TOKENS positions for all layers (layout:
 * kernels/attention.h). Leaves to sequence.h and prefix_cache.h which pages belong to whom. Nothing
 * is reserved up front: pages are allocated when first needed and kept for reuse, as long as the
 * budget allows it. Called by the engine's thread only; kernels read pages that sequences hold. */
#ifndef KV_CACHE_H
#define KV_CACHE_H

#include "base/base.h"
#include "base/error.h"
#include "kernels/attention.h"

struct kv_cache;

/* Left to the engine: float32 where a whole context of it stays under 64 MB (small models lose
 * nothing and compute exactly what their float weights say), f16 otherwise. */
#define KV_AUTO KV_TYPES

/* "f16", "bf16", "f32", "q8_0" or "auto"; ERROR_USAGE for any other name. */
bool kv_type_from_name(const char *name, enum kv_type *type, struct error *err) MUST_CHECK;
const char *kv_type_name(enum kv_type type);

struct kv_cache_options {
    enum kv_type type;
    size_t n_layers, n_kv_heads, head_dim;
    uint64_t budget_bytes; /* all pages together */
    /* when so many are allocated, spare pages are taken before more memory is; 0: at the budget */
    uint64_t reuse_bytes;
};

/* ERROR_USAGE when heads of that length cannot be stored so. */
bool kv_cache_open(struct kv_cache **out, const struct kv_cache_options *options,
                   struct error *err) MUST_CHECK;
void kv_cache_close(
    struct kv_cache **cache); /* accepts NULL, leaves NULL; all pages must be back */

/* A page with unspecified contents. ERROR_BUDGET, with both numbers, when the budget is used up. */
bool kv_cache_take(struct kv_cache *cache, uint8_t **page, struct error *err) MUST_CHECK;
void kv_cache_give_back(struct kv_cache *cache, uint8_t *page);

/* Who may have a page to spare: asked when one is wanted and the budget is used up. Gives one back
 * and returns true, or has none. */
typedef bool kv_spare(void *context);
void kv_cache_spare_by(struct kv_cache *cache, kv_spare *spare, void *context);

/* With less than is allocated, free and spare pages go back to the system now, others as soon as
 * they are given back. */
void kv_cache_set_budget(struct kv_cache *cache, uint64_t budget_bytes);
uint64_t kv_cache_budget_bytes(const struct kv_cache *cache);

size_t kv_cache_page_bytes(const struct kv_cache *cache);
uint64_t kv_cache_taken_bytes(const struct kv_cache *cache);
uint64_t kv_cache_allocated_bytes(const struct kv_cache *cache); /* and pages kept for reuse */

#endif
