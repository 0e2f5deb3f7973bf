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

/* What keys and values are read as: floats that were widened before, or as they are stored. */
enum form { FORM_WIDE, FORM_HALVES, FORM_BFLOATS, FORM_BYTES };

/* Sixteen stored elements to floats. */
INLINE vec vec_of_form(const enum form form, const uint8_t *p)
{
    if (form == FORM_BYTES)
        return vec_from_bytes(bytes_at(p));
    return form == FORM_HALVES ? vec_from_halves(p) : vec_from_bfloats(p);
}

INLINE size_t form_bytes(const enum form form)
{
    return form == FORM_BYTES ? 1 : 2;
}

INLINE void prefetch_lines(const uint8_t *p, const size_t n_bytes)
{
    UNROLL for (size_t at = 0; at < n_bytes; at += 64) __builtin_prefetch(p + at);
}

/* Rows against the keys of one page: scores[row][.] = q[row] . keys[.][.], and tiles beside [begin,
 * end) that make up a whole block, whose scores mean nothing. */
struct score_job {
    float *scores;  /* [n_rows][KV_PAGE_TOKENS] */
    const float *q; /* [n_rows][q_stride] */
    size_t q_stride;
    enum form form;
    const float *wide;     /* FORM_WIDE: [head_dim][KV_PAGE_TOKENS] */
    const uint8_t *stored; /* else: [tiles][head_dim][KV_TILE] */
    const uint8_t *next;   /* those of the next page, to be fetched meanwhile */
    const float *scales;   /* FORM_BYTES: [tiles][head_dim / KV_BLOCK][KV_TILE] */
    size_t head_dim;
    size_t begin, end; /* tiles */
};

INLINE vec key_vector(const enum form form, const struct score_job *job, size_t tile, size_t d)
{
    if (form == FORM_WIDE)
        return vec_load(job->wide + d * KV_PAGE_TOKENS + tile * KV_TILE);
    size_t index = (tile * job->head_dim + d) * KV_TILE;
    vec k = vec_of_form(form, job->stored + index * form_bytes(form));
    if (form != FORM_BYTES)
        return k;
    size_t block = tile * (job->head_dim / KV_BLOCK) + d / KV_BLOCK;
    return vec_mul(k, vec_load(job->scales + block * KV_TILE));
}

/* The next page's keys, as many of them for each d as this block reads. */
INLINE void prefetch_keys(const enum form form, const size_t vecs, const struct score_job *job,
                          size_t tile, size_t d)
{
    const size_t step = vecs * KV_TILE * form_bytes(form);
    if (form != FORM_WIDE)
        prefetch_lines(job->next + tile * job->head_dim * KV_TILE * form_bytes(form) + d * step,
                       step);
}

INLINE void score_block(const enum form form, const size_t rows, const size_t vecs,
                        const struct score_job *job, size_t tile)
{
    vec sums[MAX_ROWS][4];
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] = vec_zero();
    }
    for (size_t d = 0; d < job->head_dim; d++) {
        vec k[4];
        prefetch_keys(form, vecs, job, tile, d);
        UNROLL for (size_t v = 0; v < vecs; v++) k[v] = key_vector(form, job, tile + v, d);
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

INLINE void score_tiles(const enum form form, const size_t rows, const struct score_job *job)
{
    const size_t vecs = VECS(rows);
    const struct score_job here = *job; /* which the stores of scores cannot change */
    for (size_t tile = here.begin / vecs * vecs; tile < here.end; tile += vecs)
        score_block(form, rows, vecs, &here, tile);
}

/* out[row] = out[row] scaled + sum of p[row][j] values[j] over positions [begin, end) of a page. */
struct value_job {
    float *out;           /* [n_rows][width] */
    const float *p;       /* [n_rows][KV_PAGE_TOKENS] */
    const float *factors; /* [tiles][MAX_ROWS] of the sums before each tile; NULL: all 1 */
    enum form form;
    const float *wide;     /* FORM_WIDE: [KV_PAGE_TOKENS][width] */
    const uint8_t *stored; /* else the same, width being head_dim */
    const uint8_t *next;   /* those of the next page, to be fetched meanwhile */
    const float *scales;   /* FORM_BYTES: [KV_PAGE_TOKENS][width / KV_BLOCK] */
    size_t width, begin, end;
};

INLINE vec value_vector(const enum form form, const struct value_job *job, size_t i, size_t column)
{
    size_t index = i * job->width + column;
    if (form == FORM_WIDE)
        return vec_load(job->wide + index);
    vec x = vec_of_form(form, job->stored + index * form_bytes(form));
    if (form != FORM_BYTES)
        return x;
    return vec_mul(x, vec_set1(job->scales[i * (job->width / KV_BLOCK) + column / KV_BLOCK]));
}

INLINE void prefetch_values(const enum form form, const size_t vecs, const struct value_job *job,
                            size_t i, size_t column)
{
    if (form != FORM_WIDE)
        prefetch_lines(job->next + (i * job->width + column) * form_bytes(form),
                       vecs * 16 * form_bytes(form));
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

INLINE void value_block(const enum form form, const size_t rows, const size_t vecs,
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
            prefetch_values(form, vecs, job, i, column);
            UNROLL for (size_t v = 0; v < vecs; v++) x[v] =
                value_vector(form, job, i, column + 16 * v);
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

INLINE void value_columns(const enum form form, const size_t rows, const struct value_job *job)
{
    const size_t vecs = VECS(rows);
    size_t column = 0;
    for (; column + 16 * vecs <= job->width; column += 16 * vecs)
        value_block(form, rows, vecs, job, column);
    if (vecs > 2 && column + 32 <= job->width) {
        value_block(form, rows, 2, job, column);
        column += 32;
    }
    if (vecs > 1 && column < job->width)
        value_block(form, rows, 1, job, column);
}

/* A function each number of rows, so that the blocks' loops have constant bounds. */
#define FOR_EACH_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)

#define ROWS(n)                                         \
    static void score_##n(const struct score_job *job)  \
    {                                                   \
        switch (job->form) {                            \
        case FORM_WIDE:                                 \
            score_tiles(FORM_WIDE, n, job);             \
            break;                                      \
        case FORM_HALVES:                               \
            score_tiles(FORM_HALVES, n, job);           \
            break;                                      \
        case FORM_BFLOATS:                              \
            score_tiles(FORM_BFLOATS, n, job);          \
            break;                                      \
        case FORM_BYTES:                                \
            score_tiles(FORM_BYTES, n, job);            \
            break;                                      \
        }                                               \
    }                                                   \
    static void values_##n(const struct value_job *job) \
    {                                                   \
        const struct value_job here = *job;             \
        switch (here.form) {                            \
        case FORM_WIDE:                                 \
            value_columns(FORM_WIDE, n, &here);         \
            break;                                      \
        case FORM_HALVES:                               \
            value_columns(FORM_HALVES, n, &here);       \
            break;                                      \
        case FORM_BFLOATS:                              \
            value_columns(FORM_BFLOATS, n, &here);      \
            break;                                      \
        case FORM_BYTES:                                \
            value_columns(FORM_BYTES, n, &here);        \
            break;                                      \
        }                                               \
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
