/* attention.h: attention with grouped queries over paged keys and values; writes those pages.
 *
 * One page holds KV_PAGE_TOKENS consecutive positions of one sequence. For one layer a page's part
 * holds, for each KV head,
 * - keys:   [KV_PAGE_TOKENS / KV_TILE][head_dim][KV_TILE]; a tile of 16 positions is transposed, so
 * that lanes are positions
 * - values: [KV_PAGE_TOKENS][head_dim]
 *
 * all keys of all heads first, then all values. Pages may hold garbage at positions not yet
 * written.
 *
 * Exactness: the result of a query depends on its own position, its vector and the keys and values
 * it may see, never on which other queries are computed in the same call. Keys are walked in tiles
 * of KV_TILE at fixed positions from the first visible tile, with a running maximum; scores sum
 * over head_dim in order, values over positions in order. */
#ifndef ATTENTION_H
#define ATTENTION_H

#include "base/base.h"

enum { KV_TILE = 16, KV_PAGE_TOKENS = 64 };

/* How keys and values are stored; each function pointer below has one slot a type. */
enum kv_type { KV_F16, KV_F32, KV_TYPES };

static inline size_t kv_element_bytes(enum kv_type type)
{
    return type == KV_F32 ? sizeof(float) : sizeof(uint16_t);
}

/* against doubles over the same stored keys and values, relative to max|v| */
#define ATTENTION_TOLERANCE 2e-5f

/* Bytes of one layer's part of a page. */
static inline size_t kv_layer_bytes(enum kv_type type, size_t n_kv_heads, size_t head_dim)
{
    return 2 * n_kv_heads * head_dim * KV_PAGE_TOKENS * kv_element_bytes(type);
}

struct attention {
    /* [n_queries][q_stride]: the heads of one token are contiguous [n_heads][head_dim] */
    const float *q;
    size_t q_stride;
    float *out; /* [n_queries][out_stride], same arrangement; may be q */
    size_t out_stride;
    /* head h uses KV head h / (n_heads / n_kv_heads); head_dim multiple of 1 */
    size_t n_heads, n_kv_heads, head_dim;
    float scale;             /* of q . k, usually 1 / sqrt(head_dim) */
    uint32_t window;         /* key j visible to query i: i - window < j <= i; 0: no window */
    uint8_t *const *pages;   /* [n_pages] base of each page of the sequence, in order of position */
    size_t layer_offset;     /* bytes from a page's base to this layer's part */
    uint32_t first_position; /* of query 0; query i has first_position + i */
};

struct attention_kernels {
    /* Write k and v ([n_kv_heads][head_dim] floats) of one position into its page's part. */
    void (*store[KV_TYPES])(uint8_t *page_part, size_t slot, const float *k, const float *v,
                            size_t n_kv_heads, size_t head_dim);

    size_t (*scratch_bytes)(size_t n_heads, size_t n_kv_heads, size_t head_dim);

    /* Queries [q_begin, q_end) of KV head `kv_head` (all query heads that share it). scratch:
     * 64-byte aligned. */
    void (*run[KV_TYPES])(const struct attention *a, size_t kv_head, size_t q_begin, size_t q_end,
                          void *scratch);
};

/* One function a level, called by the tables: the reference fills every slot, the others overwrite
 * theirs. */
void attention_init_reference(struct attention_kernels *k);
void attention_init_avx2(struct attention_kernels *k);
void attention_init_avx512(struct attention_kernels *k);
void attention_init_neon(struct attention_kernels *k);

#endif
