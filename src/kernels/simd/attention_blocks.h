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
enum form { FORM_WIDE, FORM_FLOATS, FORM_HALVES, FORM_BFLOATS, FORM_BYTES };

/* Sixteen stored elements to floats. */
INLINE vec vec_of_form(const enum form form, const uint8_t *p)
{
    if (form == FORM_FLOATS)
        return vec_load((const float *)(const void *)p);
    if (form == FORM_BYTES)
        return vec_from_bytes(bytes_at(p));
    return form == FORM_HALVES ? vec_from_halves(p) : vec_from_bfloats(p);
}

INLINE size_t form_bytes(const enum form form)
{
    return form == FORM_BYTES ? 1 : form == FORM_FLOATS ? 4 : 2;
}

INLINE void prefetch_lines(const uint8_t *p, const size_t n_bytes)
{
    UNROLL for (size_t at = 0; at < n_bytes; at += 64) __builtin_prefetch(p + at);
}

/* Of the next page's keys or values, which this page's work gives the time to fetch. Few rows read
 * them once and fetch, step by step, as much as they read here. Many rows come in blocks, each of
 * which fetches some lines into the second cache: one at a time, since the processor drops what
 * finds no free buffer. */
struct next_page {
    const uint8_t *data;
    size_t n_bytes;
    size_t begin; /* of the lines that are left to the wide blocks */
};

INLINE void prefetch_step(const enum form form, const struct next_page *next, size_t element,
                          const size_t n_elements, size_t step)
{
    if (form != FORM_WIDE)
        prefetch_lines(next->data + element * form_bytes(form), n_elements * form_bytes(form));
    else if (next->begin + step * 64 < next->n_bytes)
        __builtin_prefetch(next->data + next->begin + step * 64, 0, 2);
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
    struct next_page next;
    const float *scales; /* FORM_BYTES: [tiles][head_dim / KV_BLOCK][KV_TILE] */
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
        prefetch_step(form, &job->next, (tile * job->head_dim + d * vecs) * KV_TILE, vecs * KV_TILE,
                      tile / vecs * job->head_dim + d);
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

/* Steps of prefetching that a block of rows takes. */
static size_t score_steps(size_t rows, size_t head_dim)
{
    return KV_PAGE_TOKENS / KV_TILE / VECS(rows) * head_dim;
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
    float *out; /* [n_rows][out_stride] */
    size_t out_stride;
    const float *p;       /* [n_rows][KV_PAGE_TOKENS] */
    const float *factors; /* [n_rows] of the earlier sums; NULL: all 1 */
    enum form form;
    const float *wide;     /* FORM_WIDE: [KV_PAGE_TOKENS][width] */
    const uint8_t *stored; /* else the same, width being head_dim */
    struct next_page next;
    const float *scales; /* FORM_BYTES: [KV_PAGE_TOKENS][width / KV_BLOCK] */
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
            vec_load(job->out + r * job->out_stride + column + 16 * v);
    }
    if (job->factors)
        scale_sums(rows, vecs, sums, job->factors);
    for (size_t i = job->begin; i < job->end; i++) {
        vec x[4];
        prefetch_step(form, &job->next, i * job->width + column, vecs * 16,
                      column / (16 * vecs) * KV_PAGE_TOKENS + i);
        UNROLL for (size_t v = 0; v < vecs; v++) x[v] = value_vector(form, job, i, column + 16 * v);
        UNROLL for (size_t r = 0; r < rows; r++)
        {
            vec p = vec_set1(job->p[r * KV_PAGE_TOKENS + i]);
            UNROLL for (size_t v = 0; v < vecs; v++) sums[r][v] = vec_fma(p, x[v], sums[r][v]);
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++)
    {
        UNROLL for (size_t v = 0; v < vecs; v++)
            vec_store(job->out + r * job->out_stride + column + 16 * v, sums[r][v]);
    }
}

static size_t value_steps(size_t rows, size_t width)
{
    return width / 16 / VECS(rows) * KV_PAGE_TOKENS;
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

#define CASE_SCORES(FORM, n)       \
    case FORM:                     \
        score_tiles(FORM, n, job); \
        break;
#define CASE_VALUES(FORM, n)           \
    case FORM:                         \
        value_columns(FORM, n, &here); \
        break;
#define FOR_EACH_FORM(X, n) \
    X(FORM_WIDE, n) X(FORM_FLOATS, n) X(FORM_HALVES, n) X(FORM_BFLOATS, n) X(FORM_BYTES, n)

#define ROWS(n)                                         \
    static void score_##n(const struct score_job *job)  \
    {                                                   \
        switch (job->form) {                            \
            FOR_EACH_FORM(CASE_SCORES, n)               \
        }                                               \
    }                                                   \
    static void values_##n(const struct value_job *job) \
    {                                                   \
        const struct value_job here = *job;             \
        switch (here.form) {                            \
            FOR_EACH_FORM(CASE_VALUES, n)               \
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
