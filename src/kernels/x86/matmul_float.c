#include "kernels/x86/matmul_float.h"

/* All tokens for `rows` rows, which stay in the nearest cache from one group of tokens to the next.
 */
static void multiply_rows(float_kernel *const *kernels, const struct matmul *job, size_t row)
{
    size_t stride = f32_stride(job->k);
    const uint8_t *w = (const uint8_t *)job->weight + row * job->row_bytes;
    for (size_t t = 0; t < job->m; t += FLOAT_TOKENS) {
        size_t tokens = size_min(job->m - t, FLOAT_TOKENS);
        kernels[tokens - 1](job, w, (const float *)job->x + t * stride,
                            job->y + t * job->y_stride + row);
    }
}

static void add_bias(const struct matmul *job, size_t n_begin, size_t n_end)
{
    for (size_t t = 0; t < job->m; t++)
        for (size_t row = n_begin; row < n_end; row++)
            job->y[t * job->y_stride + row] += job->bias[row];
}

void float_matmul(const struct float_isa *isa, const struct matmul *job, size_t n_begin,
                  size_t n_end)
{
    size_t row = n_begin;
    for (; row + FLOAT_ROWS <= n_end; row += FLOAT_ROWS)
        multiply_rows(isa->rows, job, row);
    for (; row < n_end; row++)
        multiply_rows(isa->row, job, row);
    if (job->bias)
        add_bias(job, n_begin, n_end);
}
