#include "bench_stream.h"

#include "quant/quantize.h"

#include <math.h>

static const size_t lengths[] = { 1, 2, 15, 16, 17, 31, 33, 63, 64, 65, 100, 129, 1000, 4099 };

/* y, or the whole of x in place, after one call. */
typedef void vector_call(const struct kernels *k, float *y, const float *a, const float *b,
                         size_t n);

#define CALLS_OF_ACTIVATION(name, NAME)                                                        \
    static void call_##name(const struct kernels *k, float *y, const float *a, const float *b, \
                            size_t n)                                                          \
    {                                                                                          \
        (void)b;                                                                               \
        k->elementwise.activate[ACTIVATION_##NAME](y, a, n);                                   \
    }                                                                                          \
    static void call_gate_##name(const struct kernels *k, float *y, const float *a,            \
                                 const float *b, size_t n)                                     \
    {                                                                                          \
        k->elementwise.gate[ACTIVATION_##NAME](y, a, b, n);                                    \
    }
CALLS_OF_ACTIVATION(silu, SILU)
CALLS_OF_ACTIVATION(gelu, GELU)
CALLS_OF_ACTIVATION(gelu_tanh, GELU_TANH)
CALLS_OF_ACTIVATION(relu, RELU)

static void call_add(const struct kernels *k, float *y, const float *a, const float *b, size_t n)
{
    k->elementwise.add(y, a, b, n);
}

static void call_multiply(const struct kernels *k, float *y, const float *a, const float *b,
                          size_t n)
{
    k->elementwise.multiply(y, a, b, n);
}

static void call_scale(const struct kernels *k, float *y, const float *a, const float *b, size_t n)
{
    k->elementwise.scale(y, a, b[0], n);
}

static void call_softmax(const struct kernels *k, float *y, const float *a, const float *b,
                         size_t n)
{
    (void)b;
    if (y != a)
        memcpy(y, a, n * sizeof *y);
    k->elementwise.softmax(y, n);
}

static const struct vector_case {
    const char *name;
    vector_call *call;
    bool exact;  /* the same bits as the reference */
    bool masked; /* may hold -INFINITY */
} cases[] = {
    { "elementwise.add", call_add, true, false },
    { "elementwise.multiply", call_multiply, true, false },
    { "elementwise.scale", call_scale, true, false },
    { "elementwise.silu", call_silu, false, false },
    { "elementwise.gelu", call_gelu, false, false },
    { "elementwise.gelu_tanh", call_gelu_tanh, false, false },
    { "elementwise.relu", call_relu, true, false },
    { "elementwise.gate_silu", call_gate_silu, false, false },
    { "elementwise.gate_gelu", call_gate_gelu, false, false },
    { "elementwise.gate_gelu_tanh", call_gate_gelu_tanh, false, false },
    { "elementwise.gate_relu", call_gate_relu, true, false },
    { "elementwise.softmax", call_softmax, false, true },
};

struct vectors {
    const struct vector_case *kind;
    float *y, *a, *b;
    size_t n;
};

static void compare_vectors(struct check *c, const struct vectors *v, float magnitude)
{
    size_t n = v->n;
    const char *shape = check_text("n=%zu magnitude=%g", n, magnitude);
    float *want = check_floats(c, n), *below = check_floats(c, n), *place = check_copy(c, v->a, n);
    v->kind->call(&c->reference, want, v->a, v->b, n);
    v->kind->call(&c->tested, v->y, v->a, v->b, n);
    v->kind->call(&c->below, below, v->a, v->b, n);
    v->kind->call(&c->tested, place, place, v->b, n);
    if (v->kind->exact)
        check_equal(c, shape, v->y, want, n);
    else
        check_near_each(c, shape, v->y, want, n, ELEMENTWISE_TOLERANCE);
    check_equal(c, check_text("in place %s", shape), place, v->y, n);
    check_equal(c, check_text("levels differ %s", shape), v->y, below, n);
}

static struct vectors new_vectors(struct check *c, const struct vector_case *kind, size_t n,
                                  float magnitude)
{
    struct vectors v = { kind, check_floats(c, n), check_floats(c, n), check_floats(c, n), n };
    check_fill(c, v.a, n, magnitude);
    check_fill(c, v.b, n, 1);
    for (size_t i = 0; kind->masked && magnitude > 2 && i < n; i++)
        if (i % 3 == 1 || magnitude > 2e4f)
            v.a[i] = -INFINITY;
    return v;
}

static void check_vectors(struct check *c, const struct vector_case *kind)
{
    static const float magnitudes[] = { 1, 12, 120, 1e4f, 3e4f };
    if (!check_begin(c, kind->name))
        return;
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (size_t m = 0; m < COUNT_OF(magnitudes); m++) {
            struct vectors v = new_vectors(c, kind, lengths[i], magnitudes[m]);
            compare_vectors(c, &v, magnitudes[m]);
            check_release(c);
        }
}

static void compare_argmax(struct check *c, const float *x, size_t n, const char *what)
{
    float want_value, got_value;
    size_t want = c->reference.elementwise.argmax(x, n, &want_value);
    size_t got = c->tested.elementwise.argmax(x, n, &got_value);
    check_true(c, got == want, "%s n=%zu: index %zu, should be %zu", what, n, got, want);
    check_equal(c, what, &got_value, &want_value, 1);
}

static void check_argmax(struct check *c)
{
    static const size_t more[] = { 2047, 2048, 2049, 4096, 10000 };
    if (!check_begin(c, "elementwise.argmax"))
        return;
    for (size_t i = 0; i < COUNT_OF(lengths) + COUNT_OF(more); i++) {
        size_t n = i < COUNT_OF(lengths) ? lengths[i] : more[i - COUNT_OF(lengths)];
        float *x = check_floats(c, n);
        compare_argmax(c, x, n, "only NaN"); /* buffers are filled with it */
        x[n - 1] = -INFINITY;
        compare_argmax(c, x, n, "NaN, then -inf");
        for (size_t j = 0; j < n; j++)
            x[j] = -INFINITY;
        compare_argmax(c, x, n, "only -inf");
        for (int round = 0; round < 20; round++) {
            for (size_t j = 0; j < n; j++) /* many ties */
                x[j] = round % 2 ? (float)check_below(c, 5) - 5 : check_normal(c);
            x[check_below(c, n)] = NAN;
            x[check_below(c, n)] = 9;
            x[check_below(c, n)] = 9;
            compare_argmax(c, x, n, "random");
        }
        x[n / 2] = INFINITY;
        compare_argmax(c, x, n, "one inf");
        check_release(c);
    }
}

static void check_select(struct check *c)
{
    if (!check_begin(c, "elementwise.select_above"))
        return;
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (int round = 0; round < 30; round++) {
            size_t n = lengths[i], capacity = check_below(c, n + 1);
            float *x = check_floats(c, n), threshold = (float)check_below(c, 6);
            uint32_t *want = check_buffer(c, capacity * 4), *got = check_buffer(c, capacity * 4);
            for (size_t j = 0; j < n; j++)
                x[j] = (float)check_below(c, 6);
            x[check_below(c, n)] = NAN;
            x[check_below(c, n)] = INFINITY;
            threshold = round ? threshold : -INFINITY;
            size_t n_want = c->reference.elementwise.select_above(x, n, threshold, want, capacity);
            size_t n_got = c->tested.elementwise.select_above(x, n, threshold, got, capacity);
            check_true(c, n_got == n_want, "n=%zu threshold=%g: %zu, should be %zu", n, threshold,
                       n_got, n_want);
            check_true(c, memcmp(got, want, capacity * 4) == 0, "n=%zu threshold=%g: other indices",
                       n, threshold);
            check_release(c);
        }
}

static void check_sum_exp(struct check *c)
{
    static const float magnitudes[] = { 0, 1, 20, 100 };
    if (!check_begin(c, "elementwise.sum_exp"))
        return;
    for (size_t i = 0; i < COUNT_OF(lengths); i++)
        for (size_t m = 0; m < COUNT_OF(magnitudes); m++) {
            float *x = check_floats(c, lengths[i]), max = magnitudes[m];
            check_fill(c, x, lengths[i], magnitudes[m]);
            x[lengths[i] - 1] = -INFINITY;
            float want = c->reference.elementwise.sum_exp(x, lengths[i], max);
            float got = c->tested.elementwise.sum_exp(x, lengths[i], max);
            float below = c->below.elementwise.sum_exp(x, lengths[i], max);
            const char *shape = check_text("n=%zu max=%g", lengths[i], max);
            check_near(c, shape, &got, &want, 1, ELEMENTWISE_TOLERANCE * fmax(1, want));
            check_equal(c, check_text("levels differ %s", shape), &got, &below, 1);
            check_release(c);
        }
}

/* The one exp of all kernels, by itself: a sum of one term. */
static void check_exp(struct check *c)
{
    enum { STEPS = 20000 };
    if (!check_begin(c, "elementwise.exp"))
        return;
    double worst = 0;
    float worst_x = 0, zero = 0, infinity = -INFINITY, low = -104;
    for (int i = 0; i <= STEPS; i++) {
        float x = -87 + 87 * (float)i / STEPS;
        double want = exp((double)x), got = c->tested.elementwise.sum_exp(&x, 1, 0);
        if (fabs(got / want - 1) > worst) {
            worst = fabs(got / want - 1);
            worst_x = x;
        }
    }
    check_true(c, worst <= 0x1p-22, "exp(%.9g) is off by %.3g of itself", worst_x, worst);
    check_true(c, c->tested.elementwise.sum_exp(&zero, 1, 0) == 1, "exp(0) is not 1");
    check_true(c, c->tested.elementwise.sum_exp(&infinity, 1, 0) == 0, "exp(-inf) is not 0");
    check_true(c, c->tested.elementwise.sum_exp(&low, 1, 0) == 0, "exp(-104) is not 0");
    check_true(c, isinf(c->tested.elementwise.sum_exp(&zero, 1, -89)), "exp(89) is not inf");
    float subnormal = -95, got = c->tested.elementwise.sum_exp(&subnormal, 1, 0);
    check_true(c, fabs(got - exp(-95)) <= 0x1p-148, "exp(-95) is %.9g", got);
}

struct stored {
    uint8_t *row;
    float *out;
    size_t n;
    enum dtype type;
};

/* Rows of random bits: every code and scale, among them NaN and infinite steps. */
static struct stored new_stored(struct check *c, enum dtype type, size_t n_blocks)
{
    size_t n = n_blocks * dtype_block_elements(type), bytes = n_blocks * dtype_block_bytes(type);
    struct stored s = { check_buffer(c, bytes), check_floats(c, n), n, type };
    for (size_t i = 0; i < bytes; i++)
        s.row[i] = (uint8_t)check_random(c);
    return s;
}

static void check_dequantize(struct check *c)
{
    for (enum dtype type = 0; type < DTYPE_COUNT; type++) {
        const char *name = check_text("elementwise.dequantize %s", dtype_name(type));
        if (!check_begin(c, name))
            continue;
        for (size_t n_blocks = 1; n_blocks <= 67; n_blocks++) {
            struct stored s = new_stored(c, type, n_blocks);
            float *want = check_floats(c, s.n);
            dequantize_row(type, s.row, want, s.n);
            c->tested.elementwise.dequantize(s.out, s.row, s.n, (int)type);
            check_equal(c, check_text("%zu blocks", n_blocks), s.out, want, s.n);
            check_release(c);
        }
    }
}

void check_elementwise(struct check *c)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        check_vectors(c, &cases[i]);
    check_argmax(c);
    check_select(c);
    check_sum_exp(c);
    check_exp(c);
    check_dequantize(c);
    if (c->bench)
        bench_elementwise(c);
}
