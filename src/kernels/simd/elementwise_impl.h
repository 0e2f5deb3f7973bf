/* elementwise_impl.h: rows of floats over `vec`; included by elementwise_<level>.c after its vec
 * header. */
#include "kernels/elementwise.h"
#include "kernels/simd/dequantize_impl.h"
#include "kernels/simd/vec_math.h"

/* A loop over whole vectors, then one partial one. `part` is an expression over i and count. */
#define FOR_PARTS(n, y, part)                  \
    do {                                       \
        size_t i = 0;                          \
        for (; i + 16 <= (n); i += 16) {       \
            enum { count = 16 };               \
            vec_store((y) + i, part);          \
        }                                      \
        if (i < (n)) {                         \
            size_t count = (n)-i;              \
            vec_store_n((y) + i, part, count); \
        }                                      \
    } while (0)
#define PART(x) vec_load_n((x) + i, count)

static void add(float *y, const float *a, const float *b, size_t n)
{
    FOR_PARTS(n, y, vec_add(PART(a), PART(b)));
}

static void multiply(float *y, const float *a, const float *b, size_t n)
{
    FOR_PARTS(n, y, vec_mul(PART(a), PART(b)));
}

static void scale(float *y, const float *a, float factor, size_t n)
{
    vec f = vec_set1(factor);
    FOR_PARTS(n, y, vec_mul(PART(a), f));
}

INLINE vec silu(vec x)
{
    return vec_div(x, vec_add(vec_set1(1), vec_exp(vec_sub(vec_zero(), x))));
}

/* x/2 erfc(-x / sqrt 2), where erfc(z >= 0) = t(b1 + ... + b5 t^4) exp(-z^2), t = 1 / (1 + p z)
 * (Abramowitz and Stegun 7.1.26, error 1.5e-7); so the negative side does not cancel. */
INLINE vec gelu(vec x)
{
    vec z = vec_mul(vec_abs(x), vec_set1(0.707106781f));
    vec t = vec_div(vec_set1(1), vec_fma(z, vec_set1(0.3275911f), vec_set1(1)));
    vec p = vec_fma(t, vec_set1(1.061405429f), vec_set1(-1.453152027f));
    p = vec_fma(p, t, vec_set1(1.421413741f));
    p = vec_fma(p, t, vec_set1(-0.284496736f));
    p = vec_fma(p, t, vec_set1(0.254829592f));
    vec tail = vec_mul(vec_mul(p, t), vec_exp(vec_sub(vec_zero(), vec_mul(z, z))));
    vec half = vec_mul(x, vec_set1(0.5f));
    return vec_where_negative(x, vec_mul(half, tail), vec_fnma(half, tail, x));
}

/* (1 + tanh u) / 2 = 1 / (1 + exp(-2u)). */
INLINE vec gelu_tanh(vec x)
{
    vec cubic = vec_fma(vec_mul(vec_mul(x, x), x), vec_set1(0.044715f), x);
    vec e = vec_exp(vec_mul(cubic, vec_set1(-1.59576912f)));
    return vec_div(x, vec_add(vec_set1(1), e));
}

INLINE vec relu(vec x)
{
    return vec_max(x, vec_zero());
}

#define ACTIVATION(name)                                                            \
    static void activate_##name(float *y, const float *x, size_t n)                 \
    {                                                                               \
        FOR_PARTS(n, y, name(PART(x)));                                             \
    }                                                                               \
    static void gate_##name(float *y, const float *gate, const float *up, size_t n) \
    {                                                                               \
        FOR_PARTS(n, y, vec_mul(name(PART(gate)), PART(up)));                       \
    }
ACTIVATION(silu)
ACTIVATION(gelu)
ACTIVATION(gelu_tanh)
ACTIVATION(relu)

/* The largest of x[0 .. n), -INFINITY when there is none; NaN is passed over. Four vectors, since a
 * maximum takes four cycles. */
static float largest(const float *x, size_t n)
{
    vec none = vec_set1(-INFINITY), m[4] = { none, none, none, none };
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        UNROLL for (size_t j = 0; j < 4; j++) m[j] = vec_max(vec_load(x + i + 16 * j), m[j]);
    }
    for (; i < n; i += 16) {
        size_t left = size_min(16, n - i);
        m[0] = vec_max(vec_keep(vec_load_n(x + i, left), 0, left, none), m[0]);
    }
    return vec_largest(vec_max(vec_max(m[0], m[1]), vec_max(m[2], m[3])));
}

/* exp(x - max) summed; stored in y when that is not NULL. */
INLINE double sum_exp_parts(float *y, const float *x, size_t n, float max)
{
    vec_sums sums = sums_zero();
    vec m = vec_set1(max);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        vec e = vec_exp(vec_sub(vec_load(x + i), m));
        sums = sums_add(sums, e);
        if (y)
            vec_store(y + i, e);
    }
    if (i < n) {
        vec e = vec_exp(vec_sub(vec_load_n(x + i, n - i), m));
        sums = sums_add(sums, vec_keep(e, 0, n - i, vec_zero()));
        if (y)
            vec_store_n(y + i, e, n - i);
    }
    return sums_total(sums);
}

static float sum_exp(const float *x, size_t n, float max)
{
    return (float)sum_exp_parts(NULL, x, n, max);
}

static void softmax(float *x, size_t n)
{
    float max = largest(x, n);
    if (max == -INFINITY) {
        memset(x, 0, n * sizeof *x);
        return;
    }
    double sum = sum_exp_parts(x, x, n, max);
    scale(x, x, (float)(1 / sum), n);
}

/* First index whose element equals `value`, which is there. */
static size_t find(const float *x, size_t n, float value)
{
    vec wanted = vec_set1(value);
    for (size_t i = 0; i < n; i += 16) {
        size_t left = size_min(16, n - i);
        uint32_t hits = vec_equal(vec_load_n(x + i, left), wanted) & ((1u << left) - 1);
        if (hits)
            return i + (size_t)__builtin_ctz(hits);
    }
    return 0;
}

/* In blocks that stay in the first cache: only the winning one is searched for the index. */
static size_t argmax(const float *x, size_t n, float *value)
{
    enum { ARGMAX_BLOCK = 2048 };
    size_t best = 0, best_length = size_min(n, ARGMAX_BLOCK);
    float max = largest(x, best_length);
    for (size_t i = ARGMAX_BLOCK; i < n; i += ARGMAX_BLOCK) {
        float m = largest(x + i, size_min(ARGMAX_BLOCK, n - i));
        if (m > max) {
            max = m;
            best = i;
            best_length = size_min(ARGMAX_BLOCK, n - i);
        }
    }
    /* Nothing above -INFINITY: its first index, however far. */
    size_t index = max == -INFINITY ? find(x, n, max) : best + find(x + best, best_length, max);
    *value = x[index];
    return index;
}

static size_t keep_indices(uint32_t hits, size_t base, uint32_t *indices, size_t count,
                           size_t capacity)
{
    if (count >= capacity)
        return count + (size_t)__builtin_popcount(hits);
    for (; hits; hits &= hits - 1, count++)
        if (count < capacity)
            indices[count] = (uint32_t)(base + (size_t)__builtin_ctz(hits));
    return count;
}

static size_t select_above(const float *x, size_t n, float threshold, uint32_t *indices,
                           size_t capacity)
{
    vec t = vec_set1(threshold);
    size_t i = 0, count = 0;
    for (; i + 64 <= n; i += 64) {
        uint64_t hits = 0;
        UNROLL for (size_t j = 0; j < 4; j++) hits |=
            (uint64_t)vec_at_least(vec_load(x + i + 16 * j), t) << (16 * j);
        if (!hits)
            continue;
        count = keep_indices((uint32_t)hits, i, indices, count, capacity);
        count = keep_indices((uint32_t)(hits >> 32), i + 32, indices, count, capacity);
    }
    for (; i < n; i += 16) {
        size_t left = size_min(16, n - i);
        uint32_t hits = vec_at_least(vec_load_n(x + i, left), t) & ((1u << left) - 1);
        count = keep_indices(hits, i, indices, count, capacity);
    }
    return count;
}

void LEVEL(elementwise_init)(struct elementwise_kernels *k)
{
    k->add = add;
    k->multiply = multiply;
    k->scale = scale;
    k->activate[ACTIVATION_SILU] = activate_silu;
    k->activate[ACTIVATION_GELU] = activate_gelu;
    k->activate[ACTIVATION_GELU_TANH] = activate_gelu_tanh;
    k->activate[ACTIVATION_RELU] = activate_relu;
    k->gate[ACTIVATION_SILU] = gate_silu;
    k->gate[ACTIVATION_GELU] = gate_gelu;
    k->gate[ACTIVATION_GELU_TANH] = gate_gelu_tanh;
    k->gate[ACTIVATION_RELU] = gate_relu;
    k->softmax = softmax;
    k->argmax = argmax;
    k->select_above = select_above;
    k->sum_exp = sum_exp;
    k->dequantize = dequantize;
}
