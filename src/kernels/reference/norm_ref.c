#include "kernels/norm.h"

#include <math.h>

static void add_residual(float *x, const float *residual, size_t n)
{
    for (size_t i = 0; residual && i < n; i++)
        x[i] += residual[i];
}

static void rms_norm_ref(float *y, float *x, const float *residual, const float *w, size_t n,
                         float eps)
{
    add_residual(x, residual, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    double factor = 1 / sqrt(sum / (double)n + eps);
    for (size_t i = 0; i < n; i++)
        y[i] = (float)(x[i] * factor * w[i]);
}

static void layer_norm_ref(float *y, float *x, const float *residual, const float *w,
                           const float *b, size_t n, float eps)
{
    add_residual(x, residual, n);
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    double factor = 1 / sqrt(squares / (double)n + eps);
    for (size_t i = 0; i < n; i++)
        y[i] = (float)((x[i] - mean) * factor * w[i] + (b ? b[i] : 0));
}

void norm_init_reference(struct norm_kernels *k)
{
    *k = (struct norm_kernels){ .rms_norm = rms_norm_ref, .layer_norm = layer_norm_ref };
}
