#include "kernels/simd/matmul_float.h"

/* A block of rows (k = 4096: 512 KB of L2) meets one group of tokens after the other; within, a
 * stretch of k of the group (24 KB) stays in L1 while the block's rows pass by. Fewer rows let the
 * tokens come from L3 too often (F16, k = 14336, 32 rows: 140 Gop/s instead of 170 on one Zen 5
 * core). With one group the rows are read once, each from end to end, which is what the memory's
 * prefetchers like. */
enum { FLOAT_BLOCK_ROWS = 64, FLOAT_STRETCH = 1024 };

static size_t block_rows(size_t element_bytes)
{
    return FLOAT_BLOCK_ROWS * 2 / element_bytes;
}

struct float_scratch {
    float sums[FLOAT_BLOCK_ROWS * FLOAT_MAX_TOKENS * FLOAT_LANES];
};

size_t float_scratch_bytes(void)
{
    return sizeof(struct float_scratch);
}

/* A block of rows and a group of tokens. */
struct float_walk {
    const struct float_isa *isa;
    const struct matmul *job;
    float *sums; /* [row][token][FLOAT_LANES] */
    size_t n_begin, n_end, t_begin, tokens;
};

static void multiply_stretch(const struct float_walk *w, size_t k_begin, size_t k_count)
{
    const struct matmul *job = w->job;
    const struct float_isa *isa = w->isa;
    size_t x_stride = f32_stride(job->k);
    const float *x = (const float *)job->x + w->t_begin * x_stride + k_begin;
    const uint8_t *from = (const uint8_t *)job->weight + k_begin * isa->element_bytes;
    const size_t many = isa->rows[w->tokens - 1];
    for (size_t row = w->n_begin, rows; row < w->n_end; row += rows) {
        rows = row + many <= w->n_end ? many : 1;
        float_kernel *kernel = (rows == 1 ? isa->one : isa->many)[w->tokens - 1];
        kernel(from + row * job->row_bytes, job->row_bytes, x, x_stride, k_count,
               w->sums + (row - w->n_begin) * w->tokens * FLOAT_LANES);
    }
}

static void multiply_block(const struct float_walk *w)
{
    const struct matmul *job = w->job;
    size_t stretch = job->m <= w->isa->tokens ? job->k : FLOAT_STRETCH,
           rows = w->n_end - w->n_begin;
    memset(w->sums, 0, rows * w->tokens * FLOAT_LANES * sizeof(float));
    for (size_t at = 0; at < job->k; at += stretch)
        multiply_stretch(w, at, size_min(stretch, job->k - at));
    const float *sums = w->sums;
    for (size_t row = w->n_begin; row < w->n_end; row++)
        for (size_t t = 0; t < w->tokens; t++, sums += FLOAT_LANES) {
            float sum = w->isa->add_lanes(sums);
            job->y[(w->t_begin + t) * job->y_stride + row] = job->bias ? sum + job->bias[row] : sum;
        }
}

void float_matmul(const struct float_isa *isa, const struct matmul *job, size_t n_begin,
                  size_t n_end, void *scratch)
{
    struct float_walk w = { .isa = isa, .job = job, .sums = scratch };
    for (w.n_begin = n_begin; w.n_begin < n_end; w.n_begin = w.n_end) {
        w.n_end = size_min(w.n_begin + block_rows(isa->element_bytes), n_end);
        for (w.t_begin = 0; w.t_begin < job->m; w.t_begin += isa->tokens) {
            w.tokens = size_min(job->m - w.t_begin, isa->tokens);
            multiply_block(&w);
        }
    }
}
