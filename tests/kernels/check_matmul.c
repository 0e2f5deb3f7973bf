/* matmul against the reference and against itself: every stored type on hurtful weights that end on
 * a guard page, results relative to sum |w x|, and bit by bit between divisions of the work and
 * levels. */
#include "check.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "matmul_weights.h"
#include "quant/quantize.h"

static void fill_x(struct check *c, enum hurt hurt, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = hurt == HURT_ONES ? 1 : check_uniform(c, -1, 1) * (check_below(c, 64) ? 1 : 1000);
    if (hurt == HURT_ZEROS)
        memset(x, 0, n * sizeof *x);
}

/* One product: weights before a guard page, x for m tokens. */
struct product {
    enum dtype type;
    size_t n, k, m;
    const uint8_t *weight;
    const float *x, *bias;
    const char *shape;
};

static struct product new_product(struct check *c, enum dtype type, enum hurt hurt, size_t n,
                                  size_t k, size_t m)
{
    struct product p = { .type = type, .n = n, .k = k, .m = m };
    size_t bytes = n * dtype_row_bytes(type, k);
    uint8_t *weight = check_buffer(c, bytes);
    float *x = check_floats(c, m * k), *bias = check_floats(c, n);
    fill_weights(c, type, hurt, weight, bytes);
    fill_x(c, hurt, x, m * k);
    fill_x(c, HURT_NONE, bias, n);
    p.weight = weight;
    p.x = x;
    p.bias = n % 2 ? bias : NULL;
    p.shape = check_text("%s n=%zu k=%zu m=%zu hurt=%d", dtype_name(type), n, k, m, (int)hurt);
    return p;
}

/* Memory that serves any tokens of a product at any level. */
struct memory {
    void *prepared, *scratch;
    float *y;
};

static struct memory new_memory(struct check *c, const struct product *p)
{
    enum activation_format format = matmul_activation(p->type);
    size_t scratch = 0;
    const struct kernels *levels[] = { &c->reference, &c->tested, &c->below };
    for (size_t i = 0; i < COUNT_OF(levels); i++)
        scratch = size_max(scratch, levels[i]->matmul.scratch_bytes(p->type, p->k));
    return (struct memory){
        check_aligned(c, c->reference.matmul.prepared_bytes(format, p->m, p->k)),
        check_aligned(c, scratch),
        check_floats(c, p->m * p->n),
    };
}

/* y [t_end - t_begin][n] of some tokens, rows in portions. */
static float *multiply(const struct memory *memory, const struct kernels *kernels,
                       const struct product *p, size_t t_begin, size_t t_end, size_t portion)
{
    const struct matmul_kernels *k = &kernels->matmul;
    enum activation_format format = matmul_activation(p->type);
    size_t m = t_end - t_begin;
    for (size_t t = 0; t < m; t++)
        k->prepare(format, memory->prepared, p->x + t_begin * p->k, p->k, m, p->k, t, t + 1);
    struct matmul job = { .weight = p->weight,
                          .row_bytes = dtype_row_bytes(p->type, p->k),
                          .n = p->n,
                          .k = p->k,
                          .x = memory->prepared,
                          .m = m,
                          .y = memory->y,
                          .y_stride = p->n,
                          .bias = p->bias };
    for (size_t n = 0; n < p->n; n += portion)
        k->run[p->type](&job, n, size_min(n + portion, p->n), memory->scratch);
    return memory->y;
}

/* The minimums that row r adds to its codes: what is left of it when the codes are 0. */
static void row_minimums(struct check *c, const struct product *p, size_t r, float *out)
{
    size_t bytes = dtype_row_bytes(p->type, p->k);
    uint8_t *copy = check_buffer(c, bytes);
    memcpy(copy, p->weight + r * bytes, bytes);
    clear_codes(p->type, copy, bytes);
    dequantize_row(p->type, copy, out, p->k);
}

/* [m][n] sums of |w x|, where the parts of w = code * scale + minimum count each. */
static double *magnitudes(struct check *c, const struct product *p)
{
    double *sums = check_aligned(c, p->m * p->n * sizeof *sums);
    float *w = check_floats(c, p->k), *minimum = check_floats(c, p->k);
    for (size_t r = 0; r < p->n; r++) {
        dequantize_row(p->type, p->weight + r * dtype_row_bytes(p->type, p->k), w, p->k);
        memset(minimum, 0, p->k * sizeof *minimum);
        if (has_minimums(p->type))
            row_minimums(c, p, r, minimum);
        for (size_t t = 0; t < p->m; t++) {
            double sum = p->bias ? fabs((double)p->bias[r]) : 0;
            for (size_t i = 0; i < p->k; i++)
                sum += (fabs((double)w[i] - (double)minimum[i]) + fabs((double)minimum[i])) *
                       fabs((double)p->x[t * p->k + i]);
            sums[t * p->n + r] = sum;
        }
    }
    return sums;
}

static void compare_with_reference(struct check *c, const struct product *p, const float *want,
                                   const float *got)
{
    const double *size = magnitudes(c, p);
    for (size_t i = 0; i < p->m * p->n; i++)
        if (!(fabs((double)got[i] - (double)want[i]) <= (double)MATMUL_TOLERANCE * size[i])) {
            check_true(c, false, "%s: y[%zu][%zu] is %.9g, should be %.9g within %.3g", p->shape,
                       i / p->n, i % p->n, (double)got[i], (double)want[i],
                       (double)MATMUL_TOLERANCE * size[i]);
            return;
        }
    check_true(c, true, "%s", p->shape);
}

/* All that the contract says about one product. */
static void compare(struct check *c, enum dtype type, enum hurt hurt, size_t n, size_t k, size_t m)
{
    if (!check_wanted(c))
        return;
    struct product p = new_product(c, type, hurt, n, k, m);
    struct memory memory = new_memory(c, &p);
    size_t whole = align_up(n, MATMUL_TILE);
    const float *want = check_copy(c, multiply(&memory, &c->reference, &p, 0, m, n), m * n);
    const float *y = check_copy(c, multiply(&memory, &c->tested, &p, 0, m, whole), m * n);
    compare_with_reference(c, &p, want, y);
    check_equal(c, check_text("rows divided %s", p.shape),
                multiply(&memory, &c->tested, &p, 0, m, MATMUL_TILE), y, m * n);
    check_equal(c, check_text("levels differ %s", p.shape),
                multiply(&memory, &c->below, &p, 0, m, whole), y, m * n);
    for (size_t t = 0; t < m; t++)
        check_equal(c, check_text("token %zu alone %s", t, p.shape),
                    multiply(&memory, &c->tested, &p, t, t + 1, whole), y + t * n, n);
    check_release(c);
}

static void check_type(struct check *c, enum dtype type)
{
    size_t block = dtype_block_elements(type);
    for (enum hurt hurt = 0; hurt < HURTS; hurt++) {
        for (size_t n = 1; n <= 40; n++)
            compare(c, type, hurt, n, block == 1 ? 24 + n : block, 1 + n % 3);
        for (size_t m = 1; m <= 40; m++)
            compare(c, type, hurt, 19, size_max(block, 96), m);
        for (size_t i = 1; i <= 40; i += i < 18 ? 1 : 3)
            compare(c, type, hurt, 17, i * block, 7);
    }
    compare(c, type, HURT_NONE, 33, 4096 + block, 8);
    compare(c, type, HURT_NONE, 3, 256, 400);
}

/* Tokens of all sizes, some with numbers that no model should make. */
static float *hostile_tokens(struct check *c, size_t round, size_t n)
{
    static const float hostile[] = { NAN,     INFINITY, -INFINITY, 1e-45f, -0.0f,
                                     3.4e38f, 1e-31f,   0.5f,      127,    -127 };
    float *x = check_floats(c, n);
    fill_x(c, HURT_NONE, x, n);
    for (size_t i = 0; i < n && round % 4 == 3; i += 32) {
        float factor = powf(10, (float)check_below(c, 80) - 45);
        for (size_t j = 0; j < 32; j++)
            x[i + j] *= factor;
    }
    for (size_t i = 0; i < round / 2; i++)
        x[check_below(c, n)] = hostile[check_below(c, COUNT_OF(hostile))];
    return x;
}

/* prepare has one result, whoever computes it and however it is divided. */
static void check_prepare(struct check *c)
{
    enum { K = 320, M = 13 };
    for (size_t round = 0; round < 100; round++) {
        const float *x = hostile_tokens(c, round, K * M);
        for (enum activation_format format = 0; format < ACTIVATION_FORMATS; format++) {
            size_t bytes = c->reference.matmul.prepared_bytes(format, M, K);
            uint8_t *want = check_aligned(c, bytes), *got = check_aligned(c, bytes);
            c->reference.matmul.prepare(format, want, x, K, M, K, 0, M);
            c->tested.matmul.prepare(format, got, x, K, M, K, 0, 5);
            c->tested.matmul.prepare(format, got, x, K, M, K, 5, M);
            check_true(c, memcmp(got, want, bytes) == 0, "format %d round %zu: bytes differ",
                       (int)format, round);
        }
        check_release(c);
    }
}

void check_matmul(struct check *c)
{
    if (check_begin(c, "matmul_prepare"))
        check_prepare(c);
    for (enum dtype type = 0; type < DTYPE_COUNT; type++)
        if (check_begin(c, check_text("matmul_%s", dtype_name(type)))) {
            check_type(c, type);
            if (c->bench)
                bench_matmul(c, type);
        }
}
