/* The specification of matmul: whole rows to float32, sums in double. */
#include "kernels/matmul.h"

#include <math.h>

#include "kernels/matmul_prepared.h"
#include "quant/quantize.h"

static float block_max(const float *x, bool *finite)
{
    float max = 0;
    for (size_t i = 0; i < 32; i++) {
        *finite = *finite && isfinite(x[i]);
        max = fmaxf(max, fabsf(x[i]));
    }
    return max;
}

/* Block `block` of the token in place `t` of its group. */
static void prepare_block(const struct q8_group *group, size_t t, size_t block, const float *x)
{
    bool finite = true;
    float max = block_max(x, &finite);
    bool zero = !finite || max < Q8_TINY;
    float inverse = zero ? 0 : 127.0f / max;
    size_t at = block * group->n_tokens + t;
    int32_t sum[2] = { 0, 0 };
    for (size_t i = 0; i < 32; i++) {
        int32_t q = zero ? 0 : (int32_t)rintf(x[i] * inverse);
        group->q[at * 32 + i] = (int8_t)q;
        sum[i / 16] += q;
    }
    group->d[at] = !finite ? NAN : zero ? 0 : max / 127.0f;
    group->minus[at] = -sum[0] - sum[1];
    group->minus16[at * 2] = -sum[0];
    group->minus16[at * 2 + 1] = -sum[1];
}

static void prepare(enum activation_format format, void *prepared, const float *x, size_t x_stride,
                    size_t m, size_t k, size_t begin, size_t end)
{
    for (size_t token = begin; token < end; token++) {
        const float *row = x + token * x_stride;
        if (format == ACTIVATION_F32) {
            float *out = (float *)prepared + token * f32_stride(k);
            memset(out + k, 0, (f32_stride(k) - k) * sizeof *out);
            memcpy(out, row, k * sizeof *out);
            continue;
        }
        struct q8_group group = q8_group_of(prepared, m, k, token);
        for (size_t block = 0; block < k / 32; block++)
            prepare_block(&group, token - group.first, block, row + block * 32);
    }
}

static size_t scratch_bytes(enum dtype type, size_t k)
{
    (void)type;
    return align_up(k * sizeof(float), 64);
}

static double dot_f32(const float *w, const float *x, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++)
        sum += (double)w[i] * (double)x[i];
    return sum;
}

static double dot_q8(const float *w, const struct q8_group *group, size_t t, size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; i++) {
        size_t at = i / 32 * group->n_tokens + t;
        sum += (double)w[i] * (double)group->d[at] * (double)group->q[at * 32 + i % 32];
    }
    return sum;
}

static double dot(enum dtype type, const struct matmul *job, const float *w, size_t token)
{
    if (matmul_activation(type) == ACTIVATION_F32)
        return dot_f32(w, (const float *)job->x + token * f32_stride(job->k), job->k);
    struct q8_group group = q8_group_of(job->x, job->m, job->k, token);
    return dot_q8(w, &group, token - group.first, job->k);
}

static void run(enum dtype type, const struct matmul *job, size_t n_begin, size_t n_end, float *row)
{
    for (size_t r = n_begin; r < n_end; r++) {
        dequantize_row(type, (const uint8_t *)job->weight + r * job->row_bytes, row, job->k);
        double bias = job->bias ? (double)job->bias[r] : 0;
        for (size_t token = 0; token < job->m; token++)
            job->y[token * job->y_stride + r] = (float)(dot(type, job, row, token) + bias);
    }
}

#define X(name, shown, number, elements, bytes)                                                   \
    static void run_##name(const struct matmul *job, size_t n_begin, size_t n_end, void *scratch) \
    {                                                                                             \
        run(DTYPE_##name, job, n_begin, n_end, scratch);                                          \
    }
DTYPE_ROWS(X)
#undef X

void matmul_init_reference(struct matmul_kernels *matmul)
{
    matmul->prepared_bytes = matmul_prepared_bytes;
    matmul->prepare = prepare;
    matmul->scratch_bytes = scratch_bytes;
#define X(name, shown, number, elements, bytes) matmul->run[DTYPE_##name] = run_##name;
    DTYPE_ROWS(X)
#undef X
}
