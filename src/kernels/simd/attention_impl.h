/* attention_impl.h: attention over `vec`; included by attention_<level>.c after its vec header.
 *
 * A row is one head of one query. Rows that share a KV head go through the pages together: a page's
 * keys become floats once, every row gets its 64 scores, their exponentials, and then its share of
 * the page's values, once floats too. Sums over head_dim and over positions go through one
 * accumulator a lane in order, and only the visible positions enter, so a row's bits do not depend
 * on the others. */
#include "kernels/attention.h"
#include "kernels/simd/attention_blocks.h"

enum { BLOCK_ROWS = 96, PAGE_TILES = KV_PAGE_TOKENS / KV_TILE };

/* Where a row stands in its walk over the keys. */
struct row_state {
    float sums[KV_TILE]; /* of the exponentials, a lane each */
    float max;
    float factors[PAGE_TILES]; /* what a tile of this page multiplies the earlier sums with */
    bool rescaled;             /* some factor is not 1 */
};

/* The part of a call that is computed together: the rows of a few queries. */
struct block {
    const struct attention *a;
    enum kv_type type;
    size_t kv_head, group;
    size_t first_query, n_queries;
    size_t width;            /* head_dim, rounded up to whole vectors */
    struct row_state *state; /* [n_rows] */
    float *q;                /* [n_rows][width], scaled */
    float *out;              /* [n_rows][width] */
    float *scores;           /* [n_rows][KV_PAGE_TOKENS] */
    float *keys;             /* [head_dim][KV_PAGE_TOKENS] */
    float *values;           /* [KV_PAGE_TOKENS][width] */
    float *key_scales;       /* KV_Q8_0: the page's, in the order they are stored */
    float *value_scales;
};

/* Positions [begin, end). */
struct span {
    size_t begin, end;
};

static size_t block_rows(size_t group)
{
    return group > BLOCK_ROWS ? group : BLOCK_ROWS / group * group;
}

static size_t scratch_bytes(size_t n_heads, size_t n_kv_heads, size_t head_dim)
{
    size_t n_rows = block_rows(n_heads / n_kv_heads), width = align_up(head_dim, 16);
    size_t n_floats = 2 * n_rows * width + n_rows * KV_PAGE_TOKENS + 2 * width * KV_PAGE_TOKENS;
    n_floats += 2 * KV_PAGE_TOKENS * (width / KV_BLOCK);
    return n_floats * sizeof(float) + n_rows * sizeof(struct row_state);
}

static void lay_out(struct block *b, void *scratch)
{
    size_t n_rows = block_rows(b->group);
    b->q = scratch;
    b->out = b->q + n_rows * b->width;
    b->scores = b->out + n_rows * b->width;
    b->keys = b->scores + n_rows * KV_PAGE_TOKENS;
    b->values = b->keys + b->width * KV_PAGE_TOKENS;
    b->key_scales = b->values + b->width * KV_PAGE_TOKENS;
    b->value_scales = b->key_scales + KV_PAGE_TOKENS * (b->width / KV_BLOCK);
    b->state = (struct row_state *)(b->value_scales + KV_PAGE_TOKENS * (b->width / KV_BLOCK));
}

static struct span visible(const struct block *b, size_t query)
{
    size_t end = (size_t)b->a->first_position + b->first_query + query + 1;
    size_t window = b->a->window;
    return (struct span){ window && end > window ? end - window : 0, end };
}

/* The part of `s` inside the page that begins at `base`, counted from there; empty where begin >=
 * end. */
static struct span within_page(struct span s, size_t base)
{
    size_t begin = s.begin > base ? s.begin - base : 0;
    size_t end = s.end > base ? size_min(s.end - base, KV_PAGE_TOKENS) : 0;
    return (struct span){ begin, end };
}

static void begin_rows(struct block *b)
{
    const struct attention *a = b->a;
    size_t n_rows = b->n_queries * b->group, head_dim = a->head_dim;
    memset(b->out, 0, n_rows * b->width * sizeof *b->out);
    memset(b->state, 0, n_rows * sizeof *b->state);
    for (size_t row = 0; row < n_rows; row++) {
        const float *q = a->q + (b->first_query + row / b->group) * a->q_stride +
                         (b->kv_head * b->group + row % b->group) * head_dim;
        for (size_t d = 0; d < head_dim; d++)
            b->q[row * b->width + d] = q[d] * a->scale;
        b->state[row].max = -INFINITY;
    }
}

static void end_rows(const struct block *b)
{
    const struct attention *a = b->a;
    for (size_t row = 0; row < b->n_queries * b->group; row++) {
        float *out = a->out + (b->first_query + row / b->group) * a->out_stride +
                     (b->kv_head * b->group + row % b->group) * a->head_dim;
        vec factor = vec_set1(1 / vec_total(vec_load(b->state[row].sums)));
        for (size_t d = 0; d < a->head_dim; d += 16) {
            vec v = vec_mul(vec_load(b->out + row * b->width + d), factor);
            vec_store_n(out + d, v, size_min(16, a->head_dim - d));
        }
    }
}

/* Sixteen stored elements to floats, the first n of which may be touched; zeros after. */
INLINE vec widen(enum kv_type type, const uint8_t *p, size_t n)
{
    if (type == KV_F32)
        return vec_load_n((const float *)(const void *)p, n);
    if (type == KV_Q8_0)
        return vec_from_bytes(bytes_at(p)); /* of blocks, never less than 16 */
    uint16_t shorts[16] = { 0 };
    if (n < 16)
        p = memcpy(shorts, p, n * sizeof *shorts);
    return type == KV_F16 ? vec_from_halves(p) : vec_from_bfloats(p);
}

/* Tiles [begin, end) of a page to floats, 64 positions a line. */
INLINE void widen_keys(enum kv_type type, const struct block *b, const uint8_t *keys, size_t begin,
                       size_t end)
{
    size_t line_bytes = KV_TILE * kv_element_bytes(type), head_dim = b->a->head_dim;
    for (size_t tile = begin; tile < end; tile++) {
        const uint8_t *from = keys + tile * head_dim * line_bytes;
        const float *scales = b->key_scales + tile * (head_dim / KV_BLOCK) * KV_TILE;
        for (size_t d = 0; d < head_dim; d++) {
            vec k = widen(type, from + d * line_bytes, 16);
            if (type == KV_Q8_0)
                k = vec_mul(k, vec_load(scales + d / KV_BLOCK * KV_TILE));
            vec_store(b->keys + d * KV_PAGE_TOKENS + tile * KV_TILE, k);
        }
    }
}

/* The first n <= 16 of 16 elements of a value. */
INLINE void widen_part(enum kv_type type, float *to, const uint8_t *from, const float *scale,
                       size_t n)
{
    vec v = widen(type, from, n);
    vec_store(to, type == KV_Q8_0 ? vec_mul(v, vec_set1(*scale)) : v);
}

INLINE void widen_values(enum kv_type type, const struct block *b, const uint8_t *values,
                         struct span s)
{
    size_t head_dim = b->a->head_dim, bytes = kv_element_bytes(type);
    for (size_t j = s.begin; j < s.end; j++) {
        float *to = b->values + j * b->width;
        const uint8_t *from = values + j * head_dim * bytes;
        const float *scales = b->value_scales + j * (head_dim / KV_BLOCK);
        size_t d = 0;
        for (; d + 16 <= head_dim; d += 16)
            widen_part(type, to + d, from + d * bytes, scales + d / KV_BLOCK, 16);
        if (d < head_dim)
            widen_part(type, to + d, from + d * bytes, scales, head_dim - d);
    }
}

INLINE void widen_type(enum kv_type type, const struct block *b, const uint8_t *keys,
                       const uint8_t *values, struct span s)
{
    widen_keys(type, b, keys, s.begin / KV_TILE, (s.end + KV_TILE - 1) / KV_TILE);
    widen_values(type, b, values, s);
}

/* Once a type, so that the loops ask nothing. */
static void widen_page(const struct block *b, const uint8_t *keys, const uint8_t *values,
                       struct span s)
{
    switch (b->type) {
    case KV_F16:
        widen_type(KV_F16, b, keys, values, s);
        break;
    case KV_BF16:
        widen_type(KV_BF16, b, keys, values, s);
        break;
    case KV_F32:
        widen_type(KV_F32, b, keys, values, s);
        break;
    case KV_Q8_0:
        widen_type(KV_Q8_0, b, keys, values, s);
        break;
    case KV_TYPES:
        break;
    }
}

/* The scales of a whole page, which are few. */
static void widen_scales(const struct block *b, const uint8_t *keys, const uint8_t *values)
{
    size_t to_scales = kv_code_bytes(b->type, b->a->head_dim);
    for (size_t i = 0; i < KV_PAGE_TOKENS * (b->a->head_dim / KV_BLOCK); i += 16) {
        size_t at = to_scales + i * sizeof(uint16_t);
        vec_store(b->key_scales + i, vec_from_halves(keys + at));
        vec_store(b->value_scales + i, vec_from_halves(values + at));
    }
}

/* A tile raised the maximum: what earlier sums are worth under the new one. */
static float raise_max(struct row_state *state, vec scores)
{
    float lanes[16], max = vec_largest(scores);
    vec_store(lanes, vec_exp(vec_set1(state->max - max)));
    state->max = max;
    state->rescaled = true;
    return lanes[0];
}

/* Scores to exponentials, in place, tile by tile under a running maximum. */
static void exponentials(struct row_state *state, float *scores, struct span s)
{
    vec sums = vec_load(state->sums);
    state->rescaled = false;
    for (size_t tile = s.begin / KV_TILE; tile * KV_TILE < s.end; tile++) {
        size_t base = tile * KV_TILE;
        vec x = vec_load(scores + base);
        if (s.begin > base || s.end < base + KV_TILE) {
            size_t begin = s.begin > base ? s.begin - base : 0;
            x = vec_keep(x, begin, size_min(KV_TILE, s.end - base), vec_set1(-INFINITY));
        }
        state->factors[tile] = 1;
        if (vec_greater(x, vec_set1(state->max))) {
            state->factors[tile] = raise_max(state, x);
            sums = vec_mul(sums, vec_set1(state->factors[tile]));
        }
        x = vec_exp(vec_sub(x, vec_set1(state->max)));
        sums = vec_add(sums, x);
        vec_store(scores + base, x);
    }
    vec_store(state->sums, sums);
}

/* The factors of up to MAX_ROWS rows, or NULL when all are 1, which is usual. */
static const float *gather_factors(float gathered[PAGE_TILES][MAX_ROWS],
                                   const struct row_state *state, size_t n_rows)
{
    bool rescaled = false;
    for (size_t r = 0; r < n_rows; r++) {
        rescaled |= state[r].rescaled;
        for (size_t tile = 0; tile < PAGE_TILES; tile++)
            gathered[tile][r] = state[r].factors[tile];
    }
    return rescaled ? gathered[0] : NULL;
}

/* Rows taken together when `n` are left: as few blocks as can be, of equal size. */
static size_t rows_of_block(size_t n)
{
    size_t n_blocks = (n + MAX_ROWS - 1) / MAX_ROWS;
    return (n + n_blocks - 1) / n_blocks;
}

/* A page's part of one KV head. */
struct page_part {
    size_t base; /* its first position */
    enum form form;
    const uint8_t *keys, *values;
    const uint8_t *next_keys, *next_values; /* of the page after, or the same */
};

static void add_scores(const struct block *b, const struct page_part *part, size_t begin,
                       size_t end, struct span s)
{
    struct score_job job = {
        .q_stride = b->width,
        .form = part->form,
        .wide = b->keys,
        .stored = part->keys,
        .next = part->next_keys,
        .scales = b->key_scales,
        .head_dim = b->a->head_dim,
        .begin = s.begin / KV_TILE,
        .end = (s.end + KV_TILE - 1) / KV_TILE,
    };
    for (size_t row = begin, n; row < end; row += n) {
        n = rows_of_block(end - row);
        job.scores = b->scores + row * KV_PAGE_TOKENS;
        job.q = b->q + row * b->width;
        score_rows(n, &job);
    }
}

/* Rows [begin, end), which all see the same positions of the page. */
static void add_values(const struct block *b, const struct page_part *part, size_t begin,
                       size_t end, struct span s)
{
    float gathered[PAGE_TILES][MAX_ROWS];
    struct value_job job = {
        .form = part->form,
        .wide = b->values,
        .stored = part->values,
        .next = part->next_values,
        .scales = b->value_scales,
        .width = b->width,
        .begin = s.begin,
        .end = s.end,
    };
    for (size_t row = begin, n; row < end; row += n) {
        n = rows_of_block(end - row);
        job.out = b->out + row * b->width;
        job.p = b->scores + row * KV_PAGE_TOKENS;
        job.factors = gather_factors(gathered, b->state + row, n);
        value_rows(n, &job);
    }
}

/* Few rows read the elements as they lie; many share what was widened once. The bits are the same.
 */
static enum form form_of(const struct block *b, size_t n_rows)
{
    static const enum form stored[KV_TYPES] = {
        [KV_F16] = FORM_HALVES, [KV_BF16] = FORM_BFLOATS, [KV_Q8_0] = FORM_BYTES
    };
    bool may_stay = b->type != KV_F32 && b->a->head_dim % 16 == 0;
    return may_stay && n_rows <= 2 * MAX_ROWS ? stored[b->type] : FORM_WIDE;
}

static struct page_part part_of(const struct block *b, size_t page, bool is_last, size_t n_rows)
{
    const struct attention *a = b->a;
    size_t bytes = kv_head_bytes(b->type, a->head_dim);
    size_t offset = a->layer_offset + b->kv_head * bytes, to_values = a->n_kv_heads * bytes;
    const uint8_t *keys = a->pages[page] + offset;
    const uint8_t *next = is_last ? keys : a->pages[page + 1] + offset;
    return (struct page_part){
        .base = page * KV_PAGE_TOKENS,
        .form = form_of(b, n_rows),
        .keys = keys,
        .values = keys + to_values,
        .next_keys = next,
        .next_values = next + to_values,
    };
}

/* Queries [first, last) of the block, all of which see something of the page. */
static void attend_page(const struct block *b, size_t page, size_t first, size_t last)
{
    bool is_last = visible(b, last - 1).end <= (page + 1) * KV_PAGE_TOKENS;
    struct page_part part = part_of(b, page, is_last, (last - first) * b->group);
    struct span all = { within_page(visible(b, first), part.base).begin,
                        within_page(visible(b, last - 1), part.base).end };
    if (b->type == KV_Q8_0)
        widen_scales(b, part.keys, part.values);
    if (part.form == FORM_WIDE)
        widen_page(b, part.keys, part.values, all);
    add_scores(b, &part, first * b->group, last * b->group, all);
    for (size_t query = first, next; query < last; query = next) {
        struct span s = within_page(visible(b, query), part.base);
        for (next = query + 1; next < last; next++) {
            struct span t = within_page(visible(b, next), part.base);
            if (t.begin != s.begin || t.end != s.end)
                break;
        }
        for (size_t row = query * b->group; row < next * b->group; row++)
            exponentials(&b->state[row], b->scores + row * KV_PAGE_TOKENS, s);
        add_values(b, &part, query * b->group, next * b->group, s);
    }
}

static void attend_block(struct block *b)
{
    size_t first = 0, n_positions = visible(b, b->n_queries - 1).end;
    size_t page = visible(b, 0).begin / KV_PAGE_TOKENS;
    begin_rows(b);
    for (size_t base; (base = page * KV_PAGE_TOKENS) < n_positions; page++) {
        while (visible(b, first).end <= base)
            first++;
        size_t last = first;
        while (last < b->n_queries && visible(b, last).begin < base + KV_PAGE_TOKENS)
            last++;
        attend_page(b, page, first, last);
    }
    end_rows(b);
}

static void run(const struct attention *a, enum kv_type type, size_t kv_head, size_t q_begin,
                size_t q_end, void *scratch)
{
    size_t group = a->n_heads / a->n_kv_heads, n_queries = block_rows(group) / group;
    struct block b = { .a = a, .type = type, .kv_head = kv_head, .group = group };
    b.width = align_up(a->head_dim, 16);
    lay_out(&b, scratch);
    for (size_t query = q_begin; query < q_end; query += n_queries) {
        b.first_query = query;
        b.n_queries = size_min(n_queries, q_end - query);
        attend_block(&b);
    }
}

/* Two vectors to codes with one scale, as ggml's reference rounds a block but for ties: a code is
 * the nearest, ties to even. */
INLINE uint16_t quantize_block(int8_t codes[KV_BLOCK], const float *x)
{
    vec low = vec_load(x), high = vec_load(x + 16);
    float scale = vec_largest(vec_max(vec_abs(low), vec_abs(high))) / 127;
    vec inverse = vec_set1(scale != 0 ? 1 / scale : 0), limit = vec_set1(127);
    for (size_t i = 0; i < KV_BLOCK; i += 16) {
        vec scaled = vec_min(vec_mul(i ? high : low, inverse), limit);
        vec_store_bytes(codes + i, vec_max(scaled, vec_set1(-127)));
    }
    uint16_t halves[16];
    vec_store_halves(halves, vec_set1(scale));
    return halves[0];
}

/* One head's vector: element d to to[d * stride], the scale of block i to scales[i * stride]. */
static void store_head_q8_0(uint8_t *to, uint8_t *scales, size_t stride, const float *from,
                            size_t head_dim)
{
    for (size_t d = 0; d < head_dim; d += KV_BLOCK) {
        int8_t codes[KV_BLOCK];
        uint16_t scale = quantize_block(codes, from + d);
        memcpy(scales + d / KV_BLOCK * stride * sizeof scale, &scale, sizeof scale);
        for (size_t i = 0; i < KV_BLOCK; i++)
            to[(d + i) * stride] = (uint8_t)codes[i];
    }
}

/* The same without scales; places are `stride` elements apart. */
INLINE void store_head(enum kv_type type, uint8_t *to, size_t stride, const float *from,
                       size_t head_dim)
{
    size_t bytes = kv_element_bytes(type);
    for (size_t d = 0; d < head_dim; d += 16) {
        size_t n = size_min(16, head_dim - d);
        uint16_t shorts[16];
        if (type == KV_F16)
            vec_store_halves(shorts, vec_load_n(from + d, n));
        else if (type == KV_BF16)
            vec_store_bfloats(shorts, vec_load_n(from + d, n));
        const uint8_t *elements =
            type == KV_F32 ? (const uint8_t *)(from + d) : (const uint8_t *)shorts;
        for (size_t i = 0; i < n; i++)
            memcpy(to + (d + i) * stride * bytes, elements + i * bytes, bytes);
    }
}

INLINE void store(enum kv_type type, uint8_t *page_part, size_t slot, const float *k,
                  const float *v, size_t n_kv_heads, size_t head_dim)
{
    size_t bytes = kv_element_bytes(type), head_bytes = kv_head_bytes(type, head_dim);
    size_t tile = slot / KV_TILE, lane = slot % KV_TILE;
    for (size_t h = 0; h < n_kv_heads; h++, k += head_dim, v += head_dim) {
        uint8_t *keys = page_part + h * head_bytes, *values = keys + n_kv_heads * head_bytes;
        uint8_t *key = keys + (tile * head_dim * KV_TILE + lane) * bytes;
        uint8_t *value = values + slot * head_dim * bytes;
        if (type == KV_Q8_0) {
            size_t codes = kv_code_bytes(type, head_dim), n_blocks = head_dim / KV_BLOCK;
            store_head_q8_0(key, keys + codes + (tile * n_blocks * KV_TILE + lane) * 2, KV_TILE, k,
                            head_dim);
            store_head_q8_0(value, values + codes + slot * n_blocks * 2, 1, v, head_dim);
        } else {
            store_head(type, key, KV_TILE, k, head_dim);
            store_head(type, value, 1, v, head_dim);
        }
    }
}

#define FUNCTIONS_OF_TYPE(name, TYPE)                                                         \
    static void store_##name(uint8_t *page_part, size_t slot, const float *k, const float *v, \
                             size_t n_kv_heads, size_t head_dim)                              \
    {                                                                                         \
        store(TYPE, page_part, slot, k, v, n_kv_heads, head_dim);                             \
    }                                                                                         \
    static void run_##name(const struct attention *a, size_t kv_head, size_t q_begin,         \
                           size_t q_end, void *scratch)                                       \
    {                                                                                         \
        run(a, TYPE, kv_head, q_begin, q_end, scratch);                                       \
    }
FUNCTIONS_OF_TYPE(f16, KV_F16)
FUNCTIONS_OF_TYPE(bf16, KV_BF16)
FUNCTIONS_OF_TYPE(f32, KV_F32)
FUNCTIONS_OF_TYPE(q8_0, KV_Q8_0)

void LEVEL(attention_init)(struct attention_kernels *k)
{
    *k = (struct attention_kernels){
        .store = { [KV_F16] = store_f16,
                   [KV_BF16] = store_bf16,
                   [KV_F32] = store_f32,
                   [KV_Q8_0] = store_q8_0 },
        .scratch_bytes = scratch_bytes,
        .run = { [KV_F16] = run_f16,
                 [KV_BF16] = run_bf16,
                 [KV_F32] = run_f32,
                 [KV_Q8_0] = run_q8_0 },
    };
}
