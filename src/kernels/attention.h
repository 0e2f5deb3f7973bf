/* attention.h: attention with grouped queries over paged keys and values; writes those pages.
 *
 * One page holds KV_PAGE_TOKENS consecutive positions of one sequence. For one layer a page's part
 * holds, for each KV head,
 * - keys:   [KV_PAGE_TOKENS / KV_TILE][head_dim][KV_TILE]; a tile of 16 positions is transposed, so
 * that lanes are positions
 * - values: [KV_PAGE_TOKENS][head_dim]
 *
 * a head's values following its keys, so that a thread reads in one go. Q8_0 shares one half-float
 * scale among KV_BLOCK elements of a vector, as GGUF's blocks do; a head's codes come first, then
 * its scales in the same order: of keys [KV_PAGE_TOKENS / KV_TILE][head_dim / KV_BLOCK][KV_TILE],
 * of values [KV_PAGE_TOKENS][head_dim / KV_BLOCK]. A code times its scale is exact in float32, so
 * that every type computes on just the numbers that are stored. Pages may hold garbage at positions
 * not yet written.
 *
 * Exactness: the result of a query depends on its own position, its vector and the keys and values
 * it may see, never on which other queries are computed in the same call, nor on who computes it.
 * Positions are cut into segments of KV_SEGMENT at fixed places. Within a segment keys are walked
 * page by page with a running maximum, in tiles of KV_TILE at fixed positions; scores sum over
 * head_dim in order, values over positions in order. What a segment gave is joined
 * to what the earlier ones gave, one after another: so threads may share the segments of one query
 * and join them afterwards, with the same bits as one call for all. */
#ifndef ATTENTION_H
#define ATTENTION_H

#include "base/base.h"

enum { KV_TILE = 16, KV_PAGE_TOKENS = 64, KV_BLOCK = 32, KV_SEGMENT = 1024 };

/* How keys and values are stored; each function pointer below has one slot a type. Q8_0 is for
 * heads of a multiple of KV_BLOCK. */
enum kv_type { KV_F16, KV_BF16, KV_F32, KV_Q8_0, KV_TYPES };

/* Without the scales. */
static inline size_t kv_element_bytes(enum kv_type type)
{
    static const uint8_t bytes[KV_TYPES] = {
        [KV_F16] = 2, [KV_BF16] = 2, [KV_F32] = 4, [KV_Q8_0] = 1
    };
    return bytes[type];
}

/* Rows (heads of queries) that a kernel takes through the keys together, and what it comes to in
 * queries: a call with that many shares its work best. */
enum { ATTENTION_ROWS = 96 };
static inline size_t attention_block_queries(size_t n_heads, size_t n_kv_heads)
{
    size_t group = n_heads / n_kv_heads;
    return group > ATTENTION_ROWS ? 1 : ATTENTION_ROWS / group;
}

/* against doubles over the same stored keys and values, relative to max|v| */
#define ATTENTION_TOLERANCE 2e-5f

/* Of a page, one head's keys or its values: the bytes of its elements, and with its scales. */
static inline size_t kv_code_bytes(enum kv_type type, size_t head_dim)
{
    return KV_PAGE_TOKENS * head_dim * kv_element_bytes(type);
}

static inline size_t kv_head_bytes(enum kv_type type, size_t head_dim)
{
    size_t n_scales = type == KV_Q8_0 ? KV_PAGE_TOKENS * (head_dim / KV_BLOCK) : 0;
    return kv_code_bytes(type, head_dim) + n_scales * sizeof(uint16_t);
}

/* Bytes of one layer's part of a page. */
static inline size_t kv_layer_bytes(enum kv_type type, size_t n_kv_heads, size_t head_dim)
{
    return 2 * n_kv_heads * kv_head_bytes(type, head_dim);
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

/* Positions [begin, end) that query `query` sees. */
struct kv_span {
    size_t begin, end;
};
static inline struct kv_span attention_visible(const struct attention *a, size_t query)
{
    size_t end = (size_t)a->first_position + query + 1;
    return (struct kv_span){ a->window && end > a->window ? end - a->window : 0, end };
}

/* Segments [begin, end) of which queries [q_begin, q_end) see something. */
static inline struct kv_span attention_segments(const struct attention *a, size_t q_begin,
                                                size_t q_end)
{
    return (struct kv_span){ attention_visible(a, q_begin).begin / KV_SEGMENT,
                             (attention_visible(a, q_end - 1).end - 1) / KV_SEGMENT + 1 };
}

/* What a row (one head of one query) knows after some keys: the largest score, the sum of the
 * exponentials under it, from PARTIAL_SUMS on the values weighted with them. */
enum { PARTIAL_MAX, PARTIAL_TOTAL, PARTIAL_SUMS = 16 };
static inline size_t attention_partial_floats(size_t head_dim)
{
    return PARTIAL_SUMS + align_up(head_dim, 16);
}

struct attention_kernels {
    /* Write k and v ([n_kv_heads][head_dim] floats) of one position into its page's part. */
    void (*store[KV_TYPES])(uint8_t *page_part, size_t slot, const float *k, const float *v,
                            size_t n_kv_heads, size_t head_dim);

    size_t (*scratch_bytes)(size_t n_heads, size_t n_kv_heads, size_t head_dim);

    /* Queries [q_begin, q_end) of KV head `kv_head` (all query heads that share it). scratch:
     * 64-byte aligned. */
    void (*run[KV_TYPES])(const struct attention *a, size_t kv_head, size_t q_begin, size_t q_end,
                          void *scratch);

    /* The same in two parts. run_segments computes what segments [begin, end) of
     * attention_segments give, for at most attention_block_queries queries; `partials`:
     * [segments][queries][heads of a KV head][attention_partial_floats], 64-byte aligned, of all
     * segments of those queries. When all are there, join_segments makes the output of them, which
     * it changes. NULL in the reference. */
    void (*run_segments[KV_TYPES])(const struct attention *a, size_t kv_head, size_t q_begin,
                                   size_t q_end, struct kv_span segments, float *partials,
                                   void *scratch);
    void (*join_segments)(const struct attention *a, size_t kv_head, size_t q_begin, size_t q_end,
                          float *partials);
};

/* One function a level, called by the tables: the reference fills every slot, the others overwrite
 * theirs. */
void attention_init_reference(struct attention_kernels *k);
void attention_init_avx2(struct attention_kernels *k);
void attention_init_avx512(struct attention_kernels *k);
void attention_init_neon(struct attention_kernels *k);

#endif
