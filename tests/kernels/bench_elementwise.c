/* Rows as a model of 8 billion weights has them: the inside of its feed-forward part, its
 * vocabulary, a stored row of its embedding. All of them lie in a cache. */
#include "bench_stream.h"

#include "quant/dtype.h"

enum { WIDTH = 14336, VOCABULARY = 128256, STORED = 4096 };

struct rows {
    float *y, *a, *b;
    enum activation activation;
    float threshold;
    uint32_t *indices;
};

static void run_add(const struct kernels *k, void *context)
{
    const struct rows *r = context;
    k->elementwise.add(r->y, r->a, r->b, WIDTH);
}

static void run_multiply(const struct kernels *k, void *context)
{
    const struct rows *r = context;
    k->elementwise.multiply(r->y, r->a, r->b, WIDTH);
}

static void run_scale(const struct kernels *k, void *context)
{
    const struct rows *r = context;
    k->elementwise.scale(r->y, r->a, 0.5f, WIDTH);
}

static void run_activate(const struct kernels *k, void *context)
{
    const struct rows *r = context;
    k->elementwise.activate[r->activation](r->y, r->a, WIDTH);
}

static void run_gate(const struct kernels *k, void *context)
{
    const struct rows *r = context;
    k->elementwise.gate[r->activation](r->y, r->a, r->b, WIDTH);
}

/* In place; what was a softmax once is as good a row as any. */
static void run_softmax(const struct kernels *k, void *context)
{
    const struct rows *r = context;
    k->elementwise.softmax(r->a, WIDTH);
}

static const struct vector_row {
    const char *name;
    check_body *body;
    enum activation activation;
    size_t n_read;
} vector_rows[] = {
    { "elementwise.add", run_add, 0, 2 },
    { "elementwise.multiply", run_multiply, 0, 2 },
    { "elementwise.scale", run_scale, 0, 1 },
    { "elementwise.silu", run_activate, ACTIVATION_SILU, 1 },
    { "elementwise.gelu", run_activate, ACTIVATION_GELU, 1 },
    { "elementwise.gelu_tanh", run_activate, ACTIVATION_GELU_TANH, 1 },
    { "elementwise.relu", run_activate, ACTIVATION_RELU, 1 },
    { "elementwise.gate_silu", run_gate, ACTIVATION_SILU, 2 },
    { "elementwise.gate_gelu", run_gate, ACTIVATION_GELU, 2 },
    { "elementwise.gate_gelu_tanh", run_gate, ACTIVATION_GELU_TANH, 2 },
    { "elementwise.gate_relu", run_gate, ACTIVATION_RELU, 2 },
    { "elementwise.softmax", run_softmax, 0, 1 },
};

static float *new_row(struct check *c, size_t n)
{
    float *x = check_aligned(c, n * sizeof *x);
    check_fill_normal(c, x, n);
    return x;
}

static void bench_vector(struct check *c, const struct vector_row *row)
{
    if (!check_begin(c, row->name))
        return;
    struct rows r = { .y = new_row(c, WIDTH), .a = new_row(c, WIDTH), .b = new_row(c, WIDTH) };
    r.activation = row->activation;
    size_t bytes = WIDTH * sizeof(float);
    bench_stream(c, "n=14336", row->body, &r, row->n_read * bytes, bytes);
    check_release(c);
}

static void run_argmax(const struct kernels *k, void *context)
{
    const struct rows *r = context;
    float value;
    k->elementwise.argmax(r->a, VOCABULARY, &value);
}

static void run_select(const struct kernels *k, void *context)
{
    const struct rows *r = context;
    k->elementwise.select_above(r->a, VOCABULARY, r->threshold, r->indices, VOCABULARY);
}

static void run_sum_exp(const struct kernels *k, void *context)
{
    const struct rows *r = context;
    volatile float sum = k->elementwise.sum_exp(r->a, VOCABULARY, r->threshold);
    (void)sum;
}

static const struct vocabulary_row {
    const char *name, *shape;
    check_body *body;
    float threshold;
    size_t written_bytes;
} vocabulary_rows[] = {
    { "elementwise.argmax", "n=128256", run_argmax, 0, 0 },
    { "elementwise.select_above", "n=128256, few", run_select, 3.5f, 0 },
    { "elementwise.select_above", "n=128256, half", run_select, 0, VOCABULARY / 2 * 4 },
    { "elementwise.sum_exp", "n=128256", run_sum_exp, 6, 0 },
};

static void bench_vocabulary(struct check *c, const struct vocabulary_row *row)
{
    if (!check_begin(c, row->name))
        return;
    struct rows r = { .a = new_row(c, VOCABULARY),
                      .indices = check_aligned(c, VOCABULARY * 4),
                      .threshold = row->threshold };
    bench_stream(c, row->shape, row->body, &r, VOCABULARY * sizeof(float), row->written_bytes);
    check_release(c);
}

struct stored {
    uint8_t *row;
    float *out;
    enum dtype type;
};

static void run_dequantize(const struct kernels *k, void *context)
{
    const struct stored *s = context;
    k->elementwise.dequantize(s->out, s->row, STORED, (int)s->type);
}

static void bench_dequantize(struct check *c, enum dtype type)
{
    if (!check_begin(c, check_text("elementwise.dequantize %s", dtype_name(type))))
        return;
    size_t bytes = dtype_row_bytes(type, STORED);
    struct stored s = { check_aligned(c, bytes), check_aligned(c, STORED * 4), type };
    for (size_t i = 0; i < bytes; i++)
        s.row[i] = (uint8_t)(check_random(c) & 0x3f); /* no NaN, nothing infinite */
    bench_stream(c, "n=4096", run_dequantize, &s, bytes, STORED * sizeof(float));
    check_release(c);
}

void bench_elementwise(struct check *c)
{
    for (size_t i = 0; i < COUNT_OF(vector_rows); i++)
        bench_vector(c, &vector_rows[i]);
    for (size_t i = 0; i < COUNT_OF(vocabulary_rows); i++)
        bench_vocabulary(c, &vocabulary_rows[i]);
    for (enum dtype type = 0; type < DTYPE_COUNT; type++)
        bench_dequantize(c, type);
}
