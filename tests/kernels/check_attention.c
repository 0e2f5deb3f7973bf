#include "bench_attention.h"
#include "check.h"

#include "quant/quantize.h"

enum { MAX_PAGES = 64, LAYER_OFFSET = 128 };

struct shape {
    size_t n_heads, n_kv_heads, head_dim, n_positions;
    uint32_t window;
    enum kv_type type;
};

/* A sequence with its queries: keys and values of positions [0, n_positions) as floats and as
 * pages. */
struct sequence {
    struct shape shape;
    float *q, *k, *v; /* [n_positions][heads][head_dim] */
    uint8_t *pages[MAX_PAGES];
    size_t n_pages;
};

static struct sequence new_sequence(struct check *c, struct shape shape)
{
    struct sequence s = { .shape = shape };
    size_t n_q = shape.n_positions * shape.n_heads * shape.head_dim;
    size_t n_k = shape.n_positions * shape.n_kv_heads * shape.head_dim;
    s.q = check_floats(c, n_q);
    s.k = check_floats(c, n_k);
    s.v = check_floats(c, n_k);
    check_fill_normal(c, s.q, n_q);
    check_fill_normal(c, s.k, n_k);
    check_fill_normal(c, s.v, n_k);
    /* Some keys that a query cannot pass over: the maximum jumps late and high. (Scores of hundreds
     * would ask more of float32 than ATTENTION_TOLERANCE.) */
    size_t width = shape.n_kv_heads * shape.head_dim;
    for (size_t j = check_below(c, 9); j < shape.n_positions; j += 1 + check_below(c, 18))
        for (size_t d = 0; d < width; d++)
            s.k[j * width + d] *= 8;
    s.n_pages = (shape.n_positions + KV_PAGE_TOKENS - 1) / KV_PAGE_TOKENS;
    return s;
}

/* Pages full of NaN; positions come in by store_positions. */
static void new_pages(struct check *c, struct sequence *s)
{
    size_t bytes =
        LAYER_OFFSET + kv_layer_bytes(s->shape.type, s->shape.n_kv_heads, s->shape.head_dim);
    for (size_t i = 0; i < s->n_pages; i++)
        s->pages[i] = check_aligned(c, bytes);
}

static void store_positions(const struct kernels *k, const struct sequence *s, size_t begin,
                            size_t end)
{
    size_t stride = s->shape.n_kv_heads * s->shape.head_dim;
    for (size_t j = begin; j < end; j++)
        k->attention.store[s->shape.type](s->pages[j / KV_PAGE_TOKENS] + LAYER_OFFSET,
                                          j % KV_PAGE_TOKENS, s->k + j * stride, s->v + j * stride,
                                          s->shape.n_kv_heads, s->shape.head_dim);
}

static void *new_scratch(struct check *c, const struct kernels *k, const struct shape *s)
{
    return check_aligned(c, k->attention.scratch_bytes(s->n_heads, s->n_kv_heads, s->head_dim));
}

/* Queries from position `begin` on. */
static struct attention job_of(const struct sequence *s, float *out, size_t begin)
{
    const struct shape *shape = &s->shape;
    size_t stride = shape->n_heads * shape->head_dim;
    return (struct attention){
        .q = s->q + begin * stride,
        .q_stride = stride,
        .out = out + begin * stride,
        .out_stride = stride,
        .n_heads = shape->n_heads,
        .n_kv_heads = shape->n_kv_heads,
        .head_dim = shape->head_dim,
        .scale = 1.0f / 8,
        .window = shape->window,
        .pages = s->pages,
        .layer_offset = LAYER_OFFSET,
        .first_position = (uint32_t)begin,
    };
}

/* Queries at positions [begin, end) in one call a KV head. */
static void attend(const struct kernels *k, const struct sequence *s, float *out, size_t begin,
                   size_t end, void *scratch)
{
    struct attention a = job_of(s, out, begin);
    for (size_t h = 0; h < s->shape.n_kv_heads; h++)
        k->attention.run[s->shape.type](&a, h, 0, end - begin, scratch);
}

/* The same, each block's segments computed in two runs, the later one first, and then joined. */
static void attend_split(struct check *c, const struct kernels *k, const struct sequence *s,
                         float *out, void *scratch)
{
    const struct shape *shape = &s->shape;
    struct attention a = job_of(s, out, 0);
    size_t n = shape->n_positions, queries = attention_block_queries(a.n_heads, a.n_kv_heads);
    size_t n_floats = (n / KV_SEGMENT + 1) * queries * (a.n_heads / a.n_kv_heads) *
                      attention_partial_floats(a.head_dim);
    float *partials = check_aligned(c, n_floats * sizeof *partials);
    for (size_t h = 0; h < shape->n_kv_heads; h++)
        for (size_t begin = 0, end; begin < n; begin = end) {
            end = size_min(n, begin + queries);
            struct kv_span all = attention_segments(&a, begin, end), early = all, late = all;
            early.end = late.begin = all.begin + check_below(c, all.end - all.begin + 1);
            k->attention.run_segments[shape->type](&a, h, begin, end, late, partials, scratch);
            k->attention.run_segments[shape->type](&a, h, begin, end, early, partials, scratch);
            k->attention.join_segments(&a, h, begin, end, partials);
        }
}

/* All queries, `chunk` at a time, each chunk seeing pages that hold nothing after it. */
static float *attend_chunks(struct check *c, const struct kernels *k, struct sequence *s,
                            size_t chunk)
{
    size_t n = s->shape.n_positions, stride = s->shape.n_heads * s->shape.head_dim;
    float *out = check_floats(c, n * stride);
    void *scratch = new_scratch(c, k, &s->shape);
    new_pages(c, s);
    for (size_t begin = 0; begin < n; begin += chunk) {
        size_t end = size_min(n, begin + chunk);
        store_positions(k, s, begin, end);
        attend(k, s, out, begin, end, scratch);
    }
    return out;
}

static void check_shape(struct check *c, struct shape shape)
{
    if (!check_wanted(c))
        return;
    struct sequence s = new_sequence(c, shape);
    size_t n = shape.n_positions * shape.n_heads * shape.head_dim;
    const char *text =
        check_text("heads=%zu/%zu head_dim=%zu positions=%zu window=%u type=%d", shape.n_heads,
                   shape.n_kv_heads, shape.head_dim, shape.n_positions, shape.window, shape.type);
    float *want = attend_chunks(c, &c->reference, &s, shape.n_positions);
    float *all = attend_chunks(c, &c->tested, &s, shape.n_positions);
    double largest = check_largest(s.v, shape.n_positions * shape.n_kv_heads * shape.head_dim);
    check_near(c, text, all, want, n, ATTENTION_TOLERANCE * largest);

    static const size_t chunks[] = { 1, 7, 64 };
    for (size_t i = 0; i < COUNT_OF(chunks); i++) {
        float *got = attend_chunks(c, &c->tested, &s, chunks[i]);
        check_equal(c, check_text("chunks of %zu %s", chunks[i], text), got, all, n);
    }
    float *below = attend_chunks(c, &c->below, &s, shape.n_positions);
    check_equal(c, check_text("levels differ %s", text), all, below, n);

    float *split = check_floats(c, n);
    attend_split(c, &c->tested, &s, split, new_scratch(c, &c->tested, &shape));
    check_equal(c, check_text("segments apart %s", text), split, all, n);

    float *q = s.q; /* in place */
    s.q = check_copy(c, q, n);
    attend(&c->tested, &s, s.q, 0, shape.n_positions, new_scratch(c, &c->tested, &shape));
    check_equal(c, check_text("in place %s", text), s.q, all, n);
    check_release(c);
}

/* Whether heads of that length can be stored so. */
static bool type_holds(enum kv_type type, size_t head_dim)
{
    return type != KV_Q8_0 || head_dim % KV_BLOCK == 0;
}

/* Elements as floats, so that a comparison shows them; NaN of any kind are the same. Of Q8_0 the
 * bytes: codes and scales. */
static float *widened(struct check *c, enum kv_type type, const uint8_t *part, size_t n)
{
    static const enum dtype types[KV_TYPES] = {
        [KV_F16] = DTYPE_F16, [KV_BF16] = DTYPE_BF16, [KV_F32] = DTYPE_F32
    };
    float *x = check_floats(c, n);
    for (size_t i = 0; type == KV_Q8_0 && i < n; i++)
        x[i] = part[i];
    if (type != KV_Q8_0)
        dequantize_row(types[type], part, x, n);
    return x;
}

static void check_store_type(struct check *c, enum kv_type type, size_t head_dim, size_t slot)
{
    size_t n = 3 * head_dim, bytes = kv_layer_bytes(type, 3, head_dim);
    float *k = check_floats(c, n), *v = check_floats(c, n);
    check_fill(c, k, n, 70000); /* rounds to infinity at the ends */
    check_fill(c, v, n, 1e-4f); /* subnormal halves */
    uint8_t *want = check_buffer(c, bytes), *got = check_buffer(c, bytes);
    c->reference.attention.store[type](want, slot, k, v, 3, head_dim);
    c->tested.attention.store[type](got, slot, k, v, 3, head_dim);
    size_t count = bytes / kv_element_bytes(type);
    check_equal(c, check_text("type=%d head_dim=%zu slot=%zu", type, head_dim, slot),
                widened(c, type, got, count), widened(c, type, want, count), count);
    check_release(c);
}

static void check_store(struct check *c)
{
    static const size_t dims[] = { 1, 15, 16, 24, 32, 64, 96, 128, 200 };
    if (!check_begin(c, "attention.store"))
        return;
    for (enum kv_type type = 0; type < KV_TYPES; type++)
        for (size_t i = 0; i < COUNT_OF(dims); i++)
            for (size_t slot = 0; slot < KV_PAGE_TOKENS; slot += 1 + slot / 5)
                if (type_holds(type, dims[i]))
                    check_store_type(c, type, dims[i], slot);
}

static void check_run(struct check *c)
{
    static const size_t dims[] = { 16, 24, 48, 64, 80, 96, 128, 256, 1, 33 };
    static const size_t heads[][2] = { { 1, 1 },  { 2, 1 }, { 6, 2 }, { 8, 1 },
                                       { 14, 2 }, { 2, 2 }, { 5, 1 }, { 100, 1 } };
    static const size_t lengths[] = { 1, 15, 16, 17, 63, 64, 65, 150 };
    static const uint32_t windows[] = { 0, 1, 16, 17, 50, 64, 1000 };
    if (!check_begin(c, "attention.run"))
        return;
    for (size_t d = 0; d < COUNT_OF(dims); d++)
        for (size_t h = 0; h < COUNT_OF(heads); h++) {
            struct shape shape = { heads[h][0], heads[h][1], dims[d], 0, 0, 0 };
            shape.n_positions = lengths[(d + h) % COUNT_OF(lengths)];
            shape.window = windows[(d * 3 + h) % COUNT_OF(windows)];
            shape.type = (d + h / 2) % KV_TYPES;
            if (!type_holds(shape.type, shape.head_dim))
                shape.type = h % KV_Q8_0;
            check_shape(c, shape);
        }
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (size_t j = 0; j < COUNT_OF(windows); j++)
            check_shape(c, (struct shape){ 4, 2, 32, lengths[i], windows[j], (i + j) % KV_TYPES });
    for (enum kv_type type = 0; type < KV_TYPES; type++)
        check_shape(c, (struct shape){ 1, 1, 32, 2100, type % 2 ? 1100 : 0, type });
}

void check_attention(struct check *c)
{
    check_store(c);
    check_run(c);
    if (c->bench && check_begin(c, "attention.bench"))
        for (enum kv_type type = 0; type < KV_TYPES; type++)
            bench_attention(c, type);
}
