/* attention_blocks.h: the two inner loops of attention, for up to MAX_ROWS rows in registers.
 *
 * A block holds `rows` x `vecs` accumulators: each loaded vector of keys or values serves all rows,
 * each broadcast element of a row all vectors. Which blocks exist follows from the registers alone;
 * the order of every sum does not. */
#include "kernels/attention.h"
#include "kernels/x86/vec_math.h"

/* AVX-512: 6 x 4 accumulators, 4 vectors and a broadcast of 32 registers. AVX2, where a vec takes
 * two of 16 registers: 6 x 1; few rows take more vectors, to have 8 chains in flight. */
enum { MAX_ROWS = 6 };
#define VECS(rows) (LEVEL_AVX512 || (rows) == 1 ? 4 : (rows) == 2 ? 2 : 1)

/* 16 * vecs positions: scores[row][.] = q[row] . keys[.][.]. */
INLINE void score_block(const size_t rows, const size_t vecs, float *scores, const float *q,
                        size_t q_stride, const float *keys, size_t head_dim)
{
    vec sums[MAX_ROWS][4];
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] = vec_zero();
    }
    for (size_t d = 0; d < head_dim; d++) {
        vec k[4];
        UNROLL for (size_t v = 0; v < vecs; v++) k[v] =
            vec_load(keys + d * KV_PAGE_TOKENS + v * KV_TILE);
        UNROLL for (size_t r = 0; r < rows; r++)
        {
            vec x = vec_set1(q[r * q_stride + d]);
            UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] = vec_fma(x, k[v], sums[r][v]);
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        UNROLL for (size_t v = 0; v < vecs; v++)
            vec_store(scores + r * KV_PAGE_TOKENS + v * KV_TILE, sums[r][v]);
    }
}

/* Tiles [begin, end), and neighbours that make up a whole block; their scores mean nothing. */
INLINE void score_tiles(const size_t rows, float *scores, const float *q, size_t q_stride,
                        const float *keys, size_t head_dim, size_t begin, size_t end)
{
    const size_t vecs = VECS(rows);
    for (size_t tile = begin / vecs * vecs; tile < end; tile += vecs)
        score_block(rows, vecs, scores + tile * KV_TILE, q, q_stride, keys + tile * KV_TILE,
                    head_dim);
}

static void score_rows(size_t n_rows, float *scores, const float *q, size_t q_stride,
                       const float *keys, size_t head_dim, size_t begin, size_t end)
{
    switch (n_rows) {
#define ROWS(n)                                                          \
    case n:                                                              \
        score_tiles(n, scores, q, q_stride, keys, head_dim, begin, end); \
        break;
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6)
#undef ROWS
    }
}

/* out[row] = out[row] scaled + sum of p[row][j] values[j] over positions [begin, end) of a page. */
struct value_job {
    float *out;           /* [n_rows][width] */
    const float *p;       /* [n_rows][KV_PAGE_TOKENS] */
    const float *factors; /* [tiles][MAX_ROWS] of the sums before each tile; NULL: all 1 */
    const float *values;  /* [KV_PAGE_TOKENS][width] */
    size_t width, begin, end;
};

INLINE void value_block(const size_t rows, const size_t vecs, const struct value_job *job,
                        size_t column)
{
    vec sums[MAX_ROWS][4];
    float *out = job->out + column;
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] =
            vec_load(out + r * job->width + 16 * v);
    }
    for (size_t j = job->begin, stop; j < job->end; j = stop) {
        stop = size_min(job->end, (j / KV_TILE + 1) * KV_TILE);
        if (job->factors) {
            UNROLL for (size_t r = 0; r < rows; r++)
            {
                vec factor = vec_set1(job->factors[j / KV_TILE * MAX_ROWS + r]);
                UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] = vec_mul(sums[r][v], factor);
            }
        }
        for (size_t i = j; i < stop; i++) {
            const float *values = job->values + i * job->width + column;
            vec x[4];
            UNROLL for (size_t v = 0; v < vecs; v++) x[v] = vec_load(values + 16 * v);
            UNROLL for (size_t r = 0; r < rows; r++)
            {
                vec p = vec_set1(job->p[r * KV_PAGE_TOKENS + i]);
                UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] = vec_fma(p, x[v], sums[r][v]);
            }
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        UNROLL for (size_t v = 0; v < vecs; v++)
            vec_store(out + r * job->width + 16 * v, sums[r][v]);
    }
}

INLINE void value_columns(const size_t rows, const struct value_job *job)
{
    const size_t vecs = VECS(rows);
    size_t column = 0;
    for (; column + 16 * vecs <= job->width; column += 16 * vecs)
        value_block(rows, vecs, job, column);
    if (vecs > 2 && column + 32 <= job->width) {
        value_block(rows, 2, job, column);
        column += 32;
    }
    if (vecs > 1 && column < job->width)
        value_block(rows, 1, job, column);
}

static void value_rows(size_t n_rows, const struct value_job *job)
{
    switch (n_rows) {
#define ROWS(n)                \
    case n:                    \
        value_columns(n, job); \
        break;
        ROWS(1) ROWS(2) ROWS(3) ROWS(4) ROWS(5) ROWS(6)
#undef ROWS
    }
}
