/* elementwise.h: arithmetic on rows of floats, element by element, and the reductions that sampling
 * needs.
 *
 * Outputs may be the inputs. silu(x) = x / (1 + exp(-x)); gelu by erf; gelu_tanh by the tanh
 * formula (Hendrycks and Gimpel 2016). exp is a polynomial good to ELEMENTWISE_TOLERANCE relative
 * to max(1, |result|). */
#ifndef ELEMENTWISE_H
#define ELEMENTWISE_H

#include "base/base.h"

#define ELEMENTWISE_TOLERANCE 2e-6f

enum activation {
    ACTIVATION_SILU,
    ACTIVATION_GELU,
    ACTIVATION_GELU_TANH,
    ACTIVATION_RELU,
    ACTIVATION_COUNT
};

struct elementwise_kernels {
    void (*add)(float *y, const float *a, const float *b, size_t n);
    void (*multiply)(float *y, const float *a, const float *b, size_t n);
    void (*scale)(float *y, const float *a, float factor, size_t n);
    void (*activate[ACTIVATION_COUNT])(float *y, const float *x, size_t n);
    /* y = activation(gate) * up */
    void (*gate[ACTIVATION_COUNT])(float *y, const float *gate, const float *up, size_t n);

    /* In place: exp(x - max) / sum. Rows of -INFINITY elements get 0 there; a row of only -INFINITY
     * becomes all 0. */
    void (*softmax)(float *x, size_t n);

    /* Largest value and its first index; NaN never wins. n >= 1. */
    size_t (*argmax)(const float *x, size_t n, float *value);
    /* Indices of elements >= threshold, in order, at most `capacity`; returns how many there are in
     * all. */
    size_t (*select_above)(const float *x, size_t n, float threshold, uint32_t *indices,
                           size_t capacity);
    /* sum of exp(x - max), accumulated in a fixed order of lanes; max is an upper bound of x. */
    float (*sum_exp)(const float *x, size_t n, float max);

    /* Bit-exact with quant/quantize.h. */
    void (*dequantize)(float *out, const void *row, size_t n, int dtype);
};

/* One function a level, called by the tables: the reference fills every slot, the others overwrite
 * theirs. */
void elementwise_init_reference(struct elementwise_kernels *k);
void elementwise_init_avx2(struct elementwise_kernels *k);
void elementwise_init_avx512(struct elementwise_kernels *k);
void elementwise_init_neon(struct elementwise_kernels *k);

#endif
