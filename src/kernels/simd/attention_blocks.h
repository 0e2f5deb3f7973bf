/* attention_blocks.h: the two inner loops of attention, for up to MAX_ROWS rows in registers.
 *
 * A block holds `rows` x `vecs` accumulators: each loaded vector of keys or values serves all rows,
 * each broadcast element of a row all vectors. Which blocks exist follows from the registers alone;
 * the order of every sum does not. */
#include "kernels/attention.h"
#include "kernels/simd/vec_math.h"

/* AVX-512: 6 x 4 accumulators, 4 vectors and a broadcast of 32 registers. AVX2, where a vec takes
 * two of 16 registers: 6 x 1; few rows take more vectors, to have 8 chains in flight. */
enum { MAX_ROWS = 6 };
#define VECS(rows) (LEVEL_AVX512 || (rows) == 1 ? 4 : (rows) == 2 ? 2 : 1)

/* Rows against the keys of one page: scores[row][.] = q[row] . keys[.][.], and tiles beside [begin,
 * end) that make up a whole block, whose scores mean nothing. */
struct score_job {
    float *scores;  /* [n_rows][KV_PAGE_TOKENS] */
    const float *q; /* [n_rows][q_stride] */
    size_t q_stride;
    const float *wide;     /* [head_dim][KV_PAGE_TOKENS], or NULL: */
    const uint8_t *halves; /* as they are stored, [tiles][head_dim][KV_TILE] */
    const uint8_t *next;   /* those of the next page, to be fetched meanwhile */
    size_t head_dim;
    size_t begin, end; /* tiles */
};

INLINE vec key_vector(const bool is_wide, const struct score_job *job, size_t tile, size_t d)
{
    if (is_wide)
        return vec_load(job->wide + d * KV_PAGE_TOKENS + tile * KV_TILE);
    size_t at = (tile * job->head_dim + d) * KV_TILE * sizeof(uint16_t);
    __builtin_prefetch(job->next + at);
    return vec_from_halves(job->halves + at);
}

INLINE void score_block(const bool is_wide, const size_t rows, const size_t vecs,
                        const struct score_job *job, size_t tile)
{
    vec sums[MAX_ROWS][4];
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] = vec_zero();
    }
    for (size_t d = 0; d < job->head_dim; d++) {
        vec k[4];
        UNROLL for (size_t v = 0; v < vecs; v++) k[v] = key_vector(is_wide, job, tile + v, d);
        UNROLL for (size_t r = 0; r < rows; r++)
        {
            vec x = vec_set1(job->q[r * job->q_stride + d]);
            UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] = vec_fma(x, k[v], sums[r][v]);
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        UNROLL for (size_t v = 0; v < vecs; v++)
            vec_store(job->scores + r * KV_PAGE_TOKENS + (tile + v) * KV_TILE, sums[r][v]);
    }
}

INLINE void score_tiles(const size_t rows, const struct score_job *job)
{
    const size_t vecs = VECS(rows);
    const struct score_job here = *job; /* which the stores of scores cannot change */
    for (size_t tile = here.begin / vecs * vecs; tile < here.end; tile += vecs)
        if (here.wide)
            score_block(true, rows, vecs, &here, tile);
        else
            score_block(false, rows, vecs, &here, tile);
}

/* out[row] = out[row] scaled + sum of p[row][j] values[j] over positions [begin, end) of a page. */
struct value_job {
    float *out;            /* [n_rows][width] */
    const float *p;        /* [n_rows][KV_PAGE_TOKENS] */
    const float *factors;  /* [tiles][MAX_ROWS] of the sums before each tile; NULL: all 1 */
    const float *wide;     /* [KV_PAGE_TOKENS][width], or NULL: */
    const uint8_t *halves; /* as they are stored, [KV_PAGE_TOKENS][width] */
    const uint8_t *next;   /* those of the next page, to be fetched meanwhile */
    size_t width, begin, end;
};

INLINE vec value_vector(const bool is_wide, const struct value_job *job, size_t index)
{
    if (is_wide)
        return vec_load(job->wide + index);
    __builtin_prefetch(job->next + index * sizeof(uint16_t));
    return vec_from_halves(job->halves + index * sizeof(uint16_t));
}

INLINE void scale_sums(const size_t rows, const size_t vecs, vec sums[MAX_ROWS][4],
                       const float *factors)
{
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        vec factor = vec_set1(factors[r]);
        UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] = vec_mul(sums[r][v], factor);
    }
}

INLINE void value_block(const bool is_wide, const size_t rows, const size_t vecs,
                        const struct value_job *job, size_t column)
{
    vec sums[MAX_ROWS][4];
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] =
            vec_load(job->out + r * job->width + column + 16 * v);
    }
    for (size_t j = job->begin, stop; j < job->end; j = stop) {
        stop = size_min(job->end, (j / KV_TILE + 1) * KV_TILE);
        if (job->factors)
            scale_sums(rows, vecs, sums, job->factors + j / KV_TILE * MAX_ROWS);
        for (size_t i = j; i < stop; i++) {
            vec x[4];
            UNROLL for (size_t v = 0; v < vecs; v++) x[v] =
                value_vector(is_wide, job, i * job->width + column + 16 * v);
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
            vec_store(job->out + r * job->width + column + 16 * v, sums[r][v]);
    }
}

INLINE void value_columns(const bool is_wide, const size_t rows, const struct value_job *job)
{
    const size_t vecs = VECS(rows);
    size_t column = 0;
    for (; column + 16 * vecs <= job->width; column += 16 * vecs)
        value_block(is_wide, rows, vecs, job, column);
    if (vecs > 2 && column + 32 <= job->width) {
        value_block(is_wide, rows, 2, job, column);
        column += 32;
    }
    if (vecs > 1 && column < job->width)
        value_block(is_wide, rows, 1, job, column);
}

/* A function each number of rows, so that the blocks' loops have constant bounds. */
#define FOR_EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)

#define ROWS(n)                                         \
    static void score_##n(const struct score_job *job)  \
    {                                                   \
        score_tiles(n, job);                            \
    }                                                   \
    static void values_##n(const struct value_job *job) \
    {                                                   \
        const struct value_job here = *job;             \
        if (here.wide)                                  \
            value_columns(true, n, &here);              \
        else                                            \
            value_columns(false, n, &here);             \
    }
FOR_EACH_ROWS(ROWS)
#undef ROWS

static void score_rows(size_t n_rows, const struct score_job *job)
{
#define ROWS(n) score_##n,
    static void (*const functions[])(const struct score_job *) = { NULL, FOR_EACH_ROWS(ROWS) };
#undef ROWS
    functions[n_rows](job);
}

static void value_rows(size_t n_rows, const struct value_job *job)
{
#define ROWS(n) values_##n,
    static void (*const functions[])(const struct value_job *) = { NULL, FOR_EACH_ROWS(ROWS) };
#undef ROWS
    functions[n_rows](job);
}
