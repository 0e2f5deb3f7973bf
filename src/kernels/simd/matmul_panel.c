#include "kernels/simd/matmul_panel.h"

#include "kernels/simd/matmul_float.h"

/* How a type's codes become values: code - (1 << shift), or code and a minimum. Codes have
 * shift + 1 bits in kinds ...32 and ...16. */
struct panel_type {
    enum panel_kind kind;
    int shift;
};

static const struct panel_type panel_types[DTYPE_COUNT] = {
    [DTYPE_Q4_0] = { PANEL_OFFSET32, 3 },  [DTYPE_Q4_1] = { PANEL_MINIMUM32, 3 },
    [DTYPE_Q5_0] = { PANEL_OFFSET32, 4 },  [DTYPE_Q5_1] = { PANEL_MINIMUM32, 4 },
    [DTYPE_Q8_0] = { PANEL_OFFSET32, 7 },  [DTYPE_Q2_K] = { PANEL_MINIMUM256, 0 },
    [DTYPE_Q3_K] = { PANEL_OFFSET256, 2 }, [DTYPE_Q4_K] = { PANEL_MINIMUM32, 3 },
    [DTYPE_Q5_K] = { PANEL_MINIMUM32, 4 }, [DTYPE_Q6_K] = { PANEL_OFFSET16, 5 },
};

/* Tokens between two visits of a stretch: their sums (two tiles: 48 KB) stay in L2 beside the
 * panels, and unpacking a stretch is paid once per so many. */
enum { PANEL_GROUPS = 64, PANEL_TOKENS = PANEL_GROUPS * Q8_GROUP };

/* Rows of the last tile are copied here, so that every unpacker finds 16. */
enum { PANEL_COPY_BYTES = PANEL_ROWS * PANEL_K / 32 * 34 };

struct panel_scratch {
    struct panel panels[PANEL_MAX_TILES];
    float acc[PANEL_TOKENS * PANEL_MAX_TILES * PANEL_ROWS];
    uint8_t copy[PANEL_COPY_BYTES];
};

size_t panel_scratch_bytes(enum dtype type, size_t k)
{
    (void)type; /* floats need less: float_scratch_bytes */
    (void)k;
    return align_up(size_max(sizeof(struct panel_scratch), float_scratch_bytes()), 64);
}

/* One call's walk: a strip of one or two tiles, a run of tokens. */
struct panel_walk {
    const struct panel_isa *isa;
    enum dtype type;
    const struct matmul *job;
    struct panel_scratch *scratch;
    size_t n_begin, n_end, tiles; /* the strip's rows */
    struct panel_ahead ahead;     /* the next strip */
    size_t g_begin, g_end;        /* groups of tokens */
    size_t t_begin, t_end;        /* their tokens */
};

static struct panel_x group_x(const struct q8_group *g, size_t k_begin)
{
    size_t at = k_begin / 32 * g->n_tokens;
    return (struct panel_x){
        .q = g->q + at * 32, .d = g->d + at, .minus = g->minus + at, .minus16 = g->minus16 + at * 2
    };
}

/* Whether the call's only token is multiplied without panels. */
static bool is_decoded(const struct panel_walk *w)
{
    return w->job->m == 1 && w->isa->decode[w->type];
}

/* 16 rows of a stretch, unpacked or multiplied with the only token; rows that do not exist become
 * 0. */
static void read_tile(struct panel_walk *w, size_t tile, size_t k_begin, size_t k_count)
{
    const struct matmul *job = w->job;
    struct panel *panel = &w->scratch->panels[tile];
    size_t n_blocks = k_count / dtype_block_elements(w->type);
    size_t row = w->n_begin + tile * PANEL_ROWS, bytes = n_blocks * dtype_block_bytes(w->type);
    size_t offset = k_begin / dtype_block_elements(w->type) * dtype_block_bytes(w->type);
    size_t rows = size_min(w->n_end - row, PANEL_ROWS), stride = job->row_bytes;
    const uint8_t *from = (const uint8_t *)job->weight + row * stride + offset;
    if (rows < PANEL_ROWS) {
        memset(w->scratch->copy, 0, PANEL_ROWS * bytes);
        for (size_t i = 0; i < rows; i++)
            memcpy(w->scratch->copy + i * bytes, from + i * stride, bytes);
        from = w->scratch->copy;
        stride = bytes;
    }
    if (is_decoded(w)) {
        struct q8_group g = q8_group_of(job->x, 1, job->k, 0);
        w->isa->decode[w->type](from, stride, n_blocks, group_x(&g, k_begin),
                                w->scratch->acc + tile * PANEL_ROWS, &w->ahead);
        return;
    }
    w->isa->unpack[w->type](panel, from, stride, n_blocks, &w->ahead);
}

/* Read the first strip's bytes in their order: 16 rows side by side are 16 short streams, which the
 * memory delivers at less than half its speed. Later strips are prefetched while the one before is
 * unpacked. */
static void touch_strip(const struct panel_walk *w)
{
    const struct matmul *job = w->job;
    const volatile uint8_t *at = (const uint8_t *)job->weight + w->n_begin * job->row_bytes;
    size_t bytes = (w->n_end - w->n_begin) * job->row_bytes;
    for (size_t i = 0; i < bytes; i += 64)
        (void)at[i];
}

/* Give a kernel its part of the way to `goal`: with few kernels left an even one, else a line a
 * block, which comes early enough. */
static void fetch_meanwhile(struct panel_walk *w, struct panel_x *x, size_t n_blocks,
                            const uint8_t *goal, size_t kernels_left)
{
    struct panel_ahead *ahead = &w->ahead;
    x->ahead = x->ahead_end = ahead->next;
    if (!w->isa->kernels_fetch || ahead->next >= goal)
        return;
    size_t lines = ((size_t)(goal - ahead->next) + 63) / 64;
    lines = size_min(lines, size_max(n_blocks, (lines + kernels_left - 1) / kernels_left));
    x->ahead_per_block = (lines + n_blocks - 1) / n_blocks * 64;
    ahead->next += lines * 64;
    x->ahead_end = ahead->next;
}

/* The strip's panels of one stretch times all tokens of the run; until the last of them, `ahead`
 * arrives at `goal`. */
static void multiply_stretch(struct panel_walk *w, size_t k_begin, size_t k_count,
                             const uint8_t *goal)
{
    const struct matmul *job = w->job;
    const struct panel_type *type = &panel_types[w->type];
    size_t n_blocks = k_count / 32;
    float *acc = w->scratch->acc;
    for (size_t i = w->g_begin; i < w->g_end; i++) {
        struct q8_group g = q8_group_at(job->x, job->m, job->k, i);
        struct panel_x x = group_x(&g, k_begin);
        fetch_meanwhile(w, &x, n_blocks, goal, w->g_end - i);
        w->isa->kernel[type->kind][w->tiles - 1][g.n_tokens - 1](w->scratch->panels, &x, n_blocks,
                                                                 type->shift, acc);
        acc += g.n_tokens * w->tiles * PANEL_ROWS;
    }
}

static void store_strip(const struct panel_walk *w)
{
    const struct matmul *job = w->job;
    size_t width = w->tiles * PANEL_ROWS, rows = w->n_end - w->n_begin;
    const float *bias = job->bias ? job->bias + w->n_begin : NULL;
    for (size_t t = w->t_begin; t < w->t_end; t++) {
        float *y = job->y + t * job->y_stride + w->n_begin;
        const float *acc = w->scratch->acc + (t - w->t_begin) * width;
        if (!bias)
            memcpy(y, acc, rows * sizeof *y);
        else
            for (size_t r = 0; r < rows; r++)
                y[r] = acc[r] + bias[r];
    }
}

static void multiply_strip(struct panel_walk *w)
{
    size_t k = w->job->k;
    const uint8_t *ahead = w->ahead.next;
    size_t ahead_bytes = w->ahead.end > ahead ? (size_t)(w->ahead.end - ahead) : 0;
    memset(w->scratch->acc, 0, (w->t_end - w->t_begin) * w->tiles * PANEL_ROWS * sizeof(float));
    for (size_t at = 0; at < k; at += PANEL_K) {
        size_t count = size_min(PANEL_K, k - at);
        for (size_t tile = 0; tile < w->tiles; tile++)
            read_tile(w, tile, at, count);
        if (!is_decoded(w))
            multiply_stretch(w, at, count, ahead + ahead_bytes * (at + count) / k);
    }
    store_strip(w);
}

/* What follows the strip in this call, from whole lines on. Unpacking 16 rows takes as long as
 * multiplying them with some six tokens, and fetches its share of that time. */
static void look_ahead(struct panel_walk *w, size_t n_end)
{
    const uint8_t *weight = w->job->weight;
    size_t rows = size_min(n_end - w->n_end, w->tiles * PANEL_ROWS);
    const uint8_t *next = weight + w->n_end * w->job->row_bytes;
    w->ahead.end = next + rows * w->job->row_bytes;
    w->ahead.next = next - (uintptr_t)next % 64;
    w->ahead.share = w->isa->kernels_fetch ? 256 * 6 / (w->job->m + 5) : 256;
}

void panel_matmul(const struct panel_isa *isa, enum dtype type, const struct matmul *job,
                  size_t n_begin, size_t n_end, void *scratch)
{
    struct panel_walk w = { .isa = isa, .type = type, .job = job, .scratch = scratch };
    size_t max_tiles = job->m == 1 ? 1 : PANEL_MAX_TILES;
    size_t groups = q8_group_count(job->m);
    for (w.g_begin = 0; w.g_begin < groups; w.g_begin = w.g_end, w.t_begin = w.t_end) {
        w.g_end = size_min(w.g_begin + PANEL_GROUPS, groups);
        struct q8_group last = q8_group_at(job->x, job->m, job->k, w.g_end - 1);
        w.t_end = last.first + last.n_tokens;
        for (w.n_begin = n_begin; w.n_begin < n_end; w.n_begin = w.n_end) {
            w.n_end = size_min(w.n_begin + max_tiles * PANEL_ROWS, n_end);
            w.tiles = (w.n_end - w.n_begin + PANEL_ROWS - 1) / PANEL_ROWS;
            if (w.n_begin == n_begin)
                touch_strip(&w);
            look_ahead(&w, n_end);
            multiply_strip(&w);
        }
    }
}
