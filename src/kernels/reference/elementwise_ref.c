#include "kernels/elementwise.h"

#include "quant/quantize.h"

#include <math.h>

static void add_ref(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = a[i] + b[i];
}

static void multiply_ref(float *y, const float *a, const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = a[i] * b[i];
}

static void scale_ref(float *y, const float *a, float factor, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = a[i] * factor;
}

static double silu(double x)
{
    return x / (1 + exp(-x));
}

static double gelu(double x)
{
    return 0.5 * x * erfc(-x * M_SQRT1_2);
}

static double gelu_tanh(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

static double relu(double x)
{
    return x > 0 ? x : 0;
}

/* One loop each over an activation, alone and as a gate. */
#define ACTIVATION(name)                                                                  \
    static void activate_##name##_ref(float *y, const float *x, size_t n)                 \
    {                                                                                     \
        for (size_t i = 0; i < n; i++)                                                    \
            y[i] = (float)name(x[i]);                                                     \
    }                                                                                     \
    static void gate_##name##_ref(float *y, const float *gate, const float *up, size_t n) \
    {                                                                                     \
        for (size_t i = 0; i < n; i++)                                                    \
            y[i] = (float)(name(gate[i]) * up[i]);                                        \
    }
ACTIVATION(silu)
ACTIVATION(gelu)
ACTIVATION(gelu_tanh)
ACTIVATION(relu)

static void softmax_ref(float *x, size_t n)
{
    float max = -INFINITY;
    for (size_t i = 0; i < n; i++)
        max = x[i] > max ? x[i] : max;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += max == -INFINITY ? 0 : exp((double)x[i] - max);
    for (size_t i = 0; i < n; i++)
        x[i] = max == -INFINITY ? 0 : (float)(exp((double)x[i] - max) / sum);
}

/* A row of NaN alone gives index 0. */
static size_t argmax_ref(const float *x, size_t n, float *value)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (x[i] > x[best] || (isnan(x[best]) && !isnan(x[i])))
            best = i;
    *value = x[best];
    return best;
}

static size_t select_above_ref(const float *x, size_t n, float threshold, uint32_t *indices,
                               size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (x[i] >= threshold) {
            if (count < capacity)
                indices[count] = (uint32_t)i;
            count++;
        }
    return count;
}

static float sum_exp_ref(const float *x, size_t n, float max)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += exp((double)x[i] - max);
    return (float)sum;
}

static void dequantize_ref(float *out, const void *row, size_t n, int dtype)
{
    dequantize_row((enum dtype)dtype, row, out, n);
}

void elementwise_init_reference(struct elementwise_kernels *k)
{
    *k = (struct elementwise_kernels){
        .add = add_ref,
        .multiply = multiply_ref,
        .scale = scale_ref,
        .activate = { [ACTIVATION_SILU] = activate_silu_ref,
                      [ACTIVATION_GELU] = activate_gelu_ref,
                      [ACTIVATION_GELU_TANH] = activate_gelu_tanh_ref,
                      [ACTIVATION_RELU] = activate_relu_ref },
        .gate = { [ACTIVATION_SILU] = gate_silu_ref,
                  [ACTIVATION_GELU] = gate_gelu_ref,
                  [ACTIVATION_GELU_TANH] = gate_gelu_tanh_ref,
                  [ACTIVATION_RELU] = gate_relu_ref },
        .softmax = softmax_ref,
        .argmax = argmax_ref,
        .select_above = select_above_ref,
        .sum_exp = sum_exp_ref,
        .dequantize = dequantize_ref,
    };
}
