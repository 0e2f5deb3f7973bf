#include "kernels/simd/matmul_panel.h"

#include "kernels/simd/matmul_float.h"

/* How a type's codes become values: code - (1 << shift), or code and a minimum. */
struct panel_type {
    enum panel_kind kind;
    int shift;
};

static const struct panel_type panel_types[DTYPE_COUNT] = {
    [DTYPE_Q4_0] = { PANEL_OFFSET32, 3 },  [DTYPE_Q4_1] = { PANEL_MINIMUM32, 0 },
    [DTYPE_Q5_0] = { PANEL_OFFSET32, 4 },  [DTYPE_Q5_1] = { PANEL_MINIMUM32, 0 },
    [DTYPE_Q8_0] = { PANEL_OFFSET32, 7 },  [DTYPE_Q2_K] = { PANEL_MINIMUM256, 0 },
    [DTYPE_Q3_K] = { PANEL_OFFSET256, 2 }, [DTYPE_Q4_K] = { PANEL_MINIMUM32, 0 },
    [DTYPE_Q5_K] = { PANEL_MINIMUM32, 0 }, [DTYPE_Q6_K] = { PANEL_OFFSET16, 5 },
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
    const uint8_t *ahead;         /* the next strip, or NULL */
    size_t g_begin, g_end;        /* groups of tokens */
    size_t t_begin, t_end;        /* their tokens */
};

/* 16 rows from `row` on, of the stretch that begins at byte `offset` of each; rows that do not
 * exist become 0. */
static void unpack_tile(const struct panel_walk *w, size_t tile, size_t offset, size_t n_blocks)
{
    const struct matmul *job = w->job;
    struct panel *panel = &w->scratch->panels[tile];
    size_t row = w->n_begin + tile * PANEL_ROWS, bytes = n_blocks * dtype_block_bytes(w->type);
    size_t rows = size_min(w->n_end - row, PANEL_ROWS), stride = job->row_bytes;
    const uint8_t *from = (const uint8_t *)job->weight + row * stride + offset;
    const uint8_t *ahead = panel->codes[0][0]; /* nothing to fetch: bytes that are near already */
    if (w->ahead)
        ahead = w->ahead + PANEL_ROWS * (offset * w->tiles + tile * bytes);
    if (rows < PANEL_ROWS) {
        memset(w->scratch->copy, 0, PANEL_ROWS * bytes);
        for (size_t i = 0; i < rows; i++)
            memcpy(w->scratch->copy + i * bytes, from + i * stride, bytes);
        from = w->scratch->copy;
        stride = bytes;
    }
    w->isa->unpack[w->type](panel, from, stride, n_blocks, ahead);
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

/* The strip's panels of one stretch times all tokens of the run. */
static void multiply_stretch(const struct panel_walk *w, size_t k_begin, size_t k_count)
{
    const struct matmul *job = w->job;
    const struct panel_type *type = &panel_types[w->type];
    size_t first = k_begin / 32;
    float *acc = w->scratch->acc;
    for (size_t i = w->g_begin; i < w->g_end; i++) {
        struct q8_group g = q8_group_at(job->x, job->m, job->k, i);
        size_t at = first * g.n_tokens;
        struct panel_x x = { g.q + at * 32, g.d + at, g.minus + at, g.minus16 + at * 2 };
        w->isa->kernel[type->kind][w->tiles - 1][g.n_tokens - 1](w->scratch->panels, &x,
                                                                 k_count / 32, type->shift, acc);
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

static void multiply_strip(const struct panel_walk *w)
{
    size_t k = w->job->k, elements = dtype_block_elements(w->type),
           bytes = dtype_block_bytes(w->type);
    memset(w->scratch->acc, 0, (w->t_end - w->t_begin) * w->tiles * PANEL_ROWS * sizeof(float));
    for (size_t at = 0; at < k; at += PANEL_K) {
        size_t count = size_min(PANEL_K, k - at);
        for (size_t tile = 0; tile < w->tiles; tile++)
            unpack_tile(w, tile, at / elements * bytes, count / elements);
        multiply_stretch(w, at, count);
    }
    store_strip(w);
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
            w.ahead =
                w.n_end < n_end ? (const uint8_t *)job->weight + w.n_end * job->row_bytes : NULL;
            multiply_strip(&w);
        }
    }
}
