/* attention_impl.h: attention over `vec`; included by attention_<level>.c after its vec header.
 *
 * A row is one head of one query. Rows that share a KV head go through the pages together: a page's
 * keys become floats once, every row gets its 64 scores, their exponentials, and then its share of
 * the page's values, once floats too. Sums over head_dim and over positions go through one
 * accumulator a lane in order, and only the visible positions enter, so a row's bits do not depend
 * on the others. At the end of a segment of positions its sums are joined to the earlier ones. */
#include "kernels/attention.h"
#include "kernels/simd/attention_blocks.h"

enum { PAGE_TILES = KV_PAGE_TOKENS / KV_TILE };

/* Where a row stands in its walk over a segment's keys. */
struct row_state {
    float sums[KV_TILE]; /* of the exponentials, a lane each */
    float max;
    float factor; /* what this page multiplies the earlier sums with */
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
    size_t stride;           /* of partials */
    float *part;             /* [n_rows][stride] partials of the present segment */
    float *total;            /* [n_rows][stride] and of those before */
    float *scores;           /* [n_rows][KV_PAGE_TOKENS] */
    float *keys;             /* [head_dim][KV_PAGE_TOKENS] */
    float *values;           /* [KV_PAGE_TOKENS][width] */
    float *key_scales;       /* KV_Q8_0: the page's, in the order they are stored */
    float *value_scales;
};

static size_t scratch_bytes(size_t n_heads, size_t n_kv_heads, size_t head_dim)
{
    size_t n_rows = attention_block_queries(n_heads, n_kv_heads) * (n_heads / n_kv_heads);
    size_t width = align_up(head_dim, 16);
    size_t n_floats = n_rows * (width + KV_PAGE_TOKENS) + 2 * width * KV_PAGE_TOKENS;
    n_floats += 2 * n_rows * attention_partial_floats(head_dim);
    n_floats += 2 * KV_PAGE_TOKENS * (width / KV_BLOCK);
    return n_floats * sizeof(float) + n_rows * sizeof(struct row_state);
}

static void lay_out(struct block *b, void *scratch)
{
    size_t n_rows = attention_block_queries(b->group, 1) * b->group;
    b->q = scratch;
    b->part = b->q + n_rows * b->width;
    b->total = b->part + n_rows * b->stride;
    b->scores = b->total + n_rows * b->stride;
    b->keys = b->scores + n_rows * KV_PAGE_TOKENS;
    b->values = b->keys + b->width * KV_PAGE_TOKENS;
    b->key_scales = b->values + b->width * KV_PAGE_TOKENS;
    b->value_scales = b->key_scales + KV_PAGE_TOKENS * (b->width / KV_BLOCK);
    b->state = (struct row_state *)(b->value_scales + KV_PAGE_TOKENS * (b->width / KV_BLOCK));
}

static struct kv_span visible(const struct block *b, size_t query)
{
    return attention_visible(b->a, b->first_query + query);
}

/* The part of `s` inside the page that begins at `base`, counted from there; empty where begin >=
 * end. */
static struct kv_span within_page(struct kv_span s, size_t base)
{
    size_t begin = s.begin > base ? s.begin - base : 0;
    size_t end = s.end > base ? size_min(s.end - base, KV_PAGE_TOKENS) : 0;
    return (struct kv_span){ begin, end };
}

static void scale_queries(const struct block *b)
{
    const struct attention *a = b->a;
    for (size_t row = 0; row < b->n_queries * b->group; row++) {
        const float *q = a->q + (b->first_query + row / b->group) * a->q_stride +
                         (b->kv_head * b->group + row % b->group) * a->head_dim;
        for (size_t d = 0; d < a->head_dim; d++)
            b->q[row * b->width + d] = q[d] * a->scale;
    }
}

static void begin_segment(const struct block *b)
{
    size_t n_rows = b->n_queries * b->group;
    memset(b->part, 0, n_rows * b->stride * sizeof *b->part);
    memset(b->state, 0, n_rows * sizeof *b->state);
    for (size_t row = 0; row < n_rows; row++)
        b->state[row].max = -INFINITY;
}

static void end_segment(const struct block *b)
{
    for (size_t row = 0; row < b->n_queries * b->group; row++) {
        b->part[row * b->stride + PARTIAL_MAX] = b->state[row].max;
        b->part[row * b->stride + PARTIAL_TOTAL] = vec_total(vec_load(b->state[row].sums));
    }
}

/* Both under the larger maximum. */
static void join(float *total, const float *part, size_t stride)
{
    float max = total[PARTIAL_MAX] > part[PARTIAL_MAX] ? total[PARTIAL_MAX] : part[PARTIAL_MAX];
    float below[16] = { total[PARTIAL_MAX] - max, part[PARTIAL_MAX] - max };
    vec_store(below, vec_exp(vec_load(below)));
    vec old = vec_set1(below[0]), new = vec_set1(below[1]);
    total[PARTIAL_MAX] = max;
    total[PARTIAL_TOTAL] = total[PARTIAL_TOTAL] * below[0] + part[PARTIAL_TOTAL] * below[1];
    for (size_t d = PARTIAL_SUMS; d < stride; d += 16)
        vec_store(total + d, vec_fma(vec_load(part + d), new, vec_mul(vec_load(total + d), old)));
}

/* Row `row` of the block after segment `segment`, of which it need not have seen anything: its
 * earlier partials are at `total`, where the first is copied. */
static void join_row(const struct block *b, size_t row, size_t segment, float *total,
                     const float *part)
{
    struct kv_span seen = visible(b, row / b->group);
    if (segment == seen.begin / KV_SEGMENT)
        memcpy(total, part, b->stride * sizeof *total);
    else if (segment > seen.begin / KV_SEGMENT && segment * KV_SEGMENT < seen.end)
        join(total, part, b->stride);
}

static bool has_one_segment(const struct block *b, size_t row)
{
    struct kv_span seen = visible(b, row / b->group);
    return seen.begin / KV_SEGMENT == (seen.end - 1) / KV_SEGMENT;
}

static void write_row(const struct block *b, size_t row, const float *partial)
{
    const struct attention *a = b->a;
    float *out = a->out + (b->first_query + row / b->group) * a->out_stride +
                 (b->kv_head * b->group + row % b->group) * a->head_dim;
    vec factor = vec_set1(1 / partial[PARTIAL_TOTAL]);
    for (size_t d = 0; d < a->head_dim; d += 16) {
        vec v = vec_mul(vec_load(partial + PARTIAL_SUMS + d), factor);
        vec_store_n(out + d, v, size_min(16, a->head_dim - d));
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
                         struct kv_span s)
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
                       const uint8_t *values, struct kv_span s)
{
    widen_keys(type, b, keys, s.begin / KV_TILE, (s.end + KV_TILE - 1) / KV_TILE);
    widen_values(type, b, values, s);
}

/* Once a type, so that the loops ask nothing. */
static void widen_page(const struct block *b, const uint8_t *keys, const uint8_t *values,
                       struct kv_span s)
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

/* A page raised the maximum: what earlier sums are worth under the new one. */
static float raise_max(struct row_state *state, vec scores)
{
    float lanes[16], max = vec_largest(scores);
    vec_store(lanes, vec_exp(vec_set1(state->max - max)));
    state->max = max;
    return lanes[0];
}

/* A tile's scores, those outside the span as if they were not. */
INLINE vec visible_scores(const float *scores, size_t tile, struct kv_span s)
{
    size_t base = tile * KV_TILE;
    vec x = vec_load(scores + base);
    if (s.begin <= base && s.end >= base + KV_TILE)
        return x;
    size_t begin = s.begin > base ? s.begin - base : 0;
    return vec_keep(x, begin, size_min(KV_TILE, s.end - base), vec_set1(-INFINITY));
}

/* Scores to exponentials under the running maximum, in place. */
static void exponentials(struct row_state *state, float *scores, struct kv_span s)
{
    size_t first = s.begin / KV_TILE, end = (s.end + KV_TILE - 1) / KV_TILE;
    vec sums = vec_load(state->sums), largest = visible_scores(scores, first, s);
    for (size_t tile = first + 1; tile < end; tile++)
        largest = vec_max(largest, visible_scores(scores, tile, s));
    state->factor = 1;
    if (vec_greater(largest, vec_set1(state->max))) {
        state->factor = raise_max(state, largest);
        sums = vec_mul(sums, vec_set1(state->factor));
    }
    for (size_t tile = first; tile < end; tile++) {
        vec x = vec_exp(vec_sub(visible_scores(scores, tile, s), vec_set1(state->max)));
        sums = vec_add(sums, x);
        vec_store(scores + tile * KV_TILE, x);
    }
    vec_store(state->sums, sums);
}

/* The factors of n rows, or NULL when all are 1, which is usual. */
static const float *gather_factors(float gathered[MAX_ROWS], const struct row_state *state,
                                   size_t n_rows)
{
    bool rescaled = false;
    for (size_t r = 0; r < n_rows; r++) {
        rescaled |= state[r].factor != 1;
        gathered[r] = state[r].factor;
    }
    return rescaled ? gathered : NULL;
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
                       size_t end, struct kv_span s)
{
    struct score_job job = {
        .q_stride = b->width,
        .form = part->form,
        .wide = b->keys,
        .stored = part->keys,
        .next = { part->next_keys, kv_code_bytes(b->type, b->a->head_dim), 0 },
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
        job.next.begin += 64 * score_steps(n, job.head_dim);
    }
}

/* Rows [begin, end), which all see the same positions of the page. */
static void add_values(const struct block *b, const struct page_part *part, size_t begin,
                       size_t end, struct kv_span s)
{
    float gathered[MAX_ROWS];
    struct value_job job = {
        .out_stride = b->stride,
        .form = part->form,
        .wide = b->values,
        .stored = part->values,
        .next = { part->next_values, kv_code_bytes(b->type, b->a->head_dim), 0 },
        .scales = b->value_scales,
        .width = b->width,
        .begin = s.begin,
        .end = s.end,
    };
    for (size_t row = begin, n; row < end; row += n) {
        n = rows_of_block(end - row);
        job.out = b->part + row * b->stride + PARTIAL_SUMS;
        job.p = b->scores + row * KV_PAGE_TOKENS;
        job.factors = gather_factors(gathered, b->state + row, n);
        value_rows(n, &job);
        job.next.begin += 64 * value_steps(n, job.width);
    }
}

/* Few rows read the elements as they lie; many share what was widened once. The bits are the same.
 */
static enum form form_of(const struct block *b, size_t n_rows)
{
    static const enum form stored[KV_TYPES] = { [KV_F16] = FORM_HALVES,
                                                [KV_BF16] = FORM_BFLOATS,
                                                [KV_F32] = FORM_FLOATS,
                                                [KV_Q8_0] = FORM_BYTES };
    bool may_stay = b->a->head_dim % 16 == 0;
    return may_stay && n_rows <= 2 * MAX_ROWS ? stored[b->type] : FORM_WIDE;
}

static struct page_part part_of(const struct block *b, size_t page, bool is_last, size_t n_rows)
{
    const struct attention *a = b->a;
    size_t bytes = kv_head_bytes(b->type, a->head_dim);
    size_t offset = a->layer_offset + b->kv_head * 2 * bytes, to_values = bytes;
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
static void attend_page(const struct block *b, size_t page, size_t first, size_t last, bool is_last)
{
    struct page_part part = part_of(b, page, is_last, (last - first) * b->group);
    struct kv_span all = { within_page(visible(b, first), part.base).begin,
                           within_page(visible(b, last - 1), part.base).end };
    if (b->type == KV_Q8_0)
        widen_scales(b, part.keys, part.values);
    if (part.form == FORM_WIDE)
        widen_page(b, part.keys, part.values, all);
    add_scores(b, &part, first * b->group, last * b->group, all);
    for (size_t query = first, next; query < last; query = next) {
        struct kv_span s = within_page(visible(b, query), part.base);
        for (next = query + 1; next < last; next++) {
            struct kv_span t = within_page(visible(b, next), part.base);
            if (t.begin != s.begin || t.end != s.end)
                break;
        }
        for (size_t row = query * b->group; row < next * b->group; row++)
            exponentials(&b->state[row], b->scores + row * KV_PAGE_TOKENS, s);
        add_values(b, &part, query * b->group, next * b->group, s);
    }
}

/* The block's partials of one segment. Pages up to the position `stop` are this thread's own, and
 * fetched in time. */
static void attend_segment(const struct block *b, size_t segment, size_t stop)
{
    size_t end = size_min(visible(b, b->n_queries - 1).end, (segment + 1) * KV_SEGMENT);
    size_t first = 0, page = size_max(visible(b, 0).begin, segment * KV_SEGMENT) / KV_PAGE_TOKENS;
    begin_segment(b);
    for (size_t base; (base = page * KV_PAGE_TOKENS) < end; page++) {
        while (visible(b, first).end <= base)
            first++;
        size_t last = first;
        while (last < b->n_queries && visible(b, last).begin < base + KV_PAGE_TOKENS)
            last++;
        attend_page(b, page, first, last, base + KV_PAGE_TOKENS >= stop);
    }
    end_segment(b);
}

static void attend_block(const struct block *b)
{
    struct kv_span all = attention_segments(b->a, b->first_query, b->first_query + b->n_queries);
    size_t n_rows = b->n_queries * b->group, stop = visible(b, b->n_queries - 1).end;
    scale_queries(b);
    for (size_t segment = all.begin; segment < all.end; segment++) {
        attend_segment(b, segment, stop);
        for (size_t row = 0; row < n_rows; row++)
            if (!has_one_segment(b, row))
                join_row(b, row, segment, b->total + row * b->stride, b->part + row * b->stride);
            else if (segment == visible(b, row / b->group).begin / KV_SEGMENT)
                write_row(b, row, b->part + row * b->stride);
    }
    for (size_t row = 0; row < n_rows; row++)
        if (!has_one_segment(b, row))
            write_row(b, row, b->total + row * b->stride);
}

/* A block of queries [q_begin, q_end), or as many of them as it holds. */
static struct block block_of(const struct attention *a, enum kv_type type, size_t kv_head,
                             size_t q_begin, size_t q_end)
{
    size_t group = a->n_heads / a->n_kv_heads;
    return (struct block){
        .a = a,
        .type = type,
        .kv_head = kv_head,
        .group = group,
        .first_query = q_begin,
        .n_queries = size_min(attention_block_queries(group, 1), q_end - q_begin),
        .width = align_up(a->head_dim, 16),
        .stride = attention_partial_floats(a->head_dim),
    };
}

static void run(const struct attention *a, enum kv_type type, size_t kv_head, size_t q_begin,
                size_t q_end, void *scratch)
{
    for (size_t query = q_begin; query < q_end;) {
        struct block b = block_of(a, type, kv_head, query, q_end);
        lay_out(&b, scratch);
        attend_block(&b);
        query += b.n_queries;
    }
}

static void run_segments(const struct attention *a, enum kv_type type, size_t kv_head,
                         size_t q_begin, size_t q_end, struct kv_span segments, float *partials,
                         void *scratch)
{
    struct block b = block_of(a, type, kv_head, q_begin, q_end);
    struct kv_span all = attention_segments(a, q_begin, q_end);
    size_t stop = size_min(visible(&b, b.n_queries - 1).end, segments.end * KV_SEGMENT);
    lay_out(&b, scratch);
    scale_queries(&b);
    for (size_t segment = segments.begin; segment < segments.end; segment++) {
        b.part = partials + (segment - all.begin) * b.n_queries * b.group * b.stride;
        attend_segment(&b, segment, stop);
    }
}

static void join_segments(const struct attention *a, size_t kv_head, size_t q_begin, size_t q_end,
                          float *partials)
{
    struct block b = block_of(a, KV_F32, kv_head, q_begin, q_end); /* whatever the type */
    struct kv_span all = attention_segments(a, q_begin, q_end);
    size_t n_rows = b.n_queries * b.group;
    for (size_t row = 0; row < n_rows; row++) {
        size_t first = visible(&b, row / b.group).begin / KV_SEGMENT;
        float *total = partials + ((first - all.begin) * n_rows + row) * b.stride;
        for (size_t segment = first + 1; segment < all.end; segment++)
            join_row(&b, row, segment, total,
                     partials + ((segment - all.begin) * n_rows + row) * b.stride);
        write_row(&b, row, total);
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
        uint8_t *keys = page_part + h * 2 * head_bytes, *values = keys + head_bytes;
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

#define FUNCTIONS_OF_TYPE(name, TYPE)                                                          \
    static void store_##name(uint8_t *page_part, size_t slot, const float *k, const float *v,  \
                             size_t n_kv_heads, size_t head_dim)                               \
    {                                                                                          \
        store(TYPE, page_part, slot, k, v, n_kv_heads, head_dim);                              \
    }                                                                                          \
    static void run_##name(const struct attention *a, size_t kv_head, size_t q_begin,          \
                           size_t q_end, void *scratch)                                        \
    {                                                                                          \
        run(a, TYPE, kv_head, q_begin, q_end, scratch);                                        \
    }                                                                                          \
    static void run_segments_##name(const struct attention *a, size_t kv_head, size_t q_begin, \
                                    size_t q_end, struct kv_span segments, float *partials,    \
                                    void *scratch)                                             \
    {                                                                                          \
        run_segments(a, TYPE, kv_head, q_begin, q_end, segments, partials, scratch);           \
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
        .run_segments = { [KV_F16] = run_segments_f16,
                          [KV_BF16] = run_segments_bf16,
                          [KV_F32] = run_segments_f32,
                          [KV_Q8_0] = run_segments_q8_0 },
        .join_segments = join_segments,
    };
}
