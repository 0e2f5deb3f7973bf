/* norm_impl.h: the norms over `vec`; included by norm_<level>.c after its vec header. Sums are kept
 * in doubles: a row costs little beside the matrices around it, and no length or magnitude hurts.
 */
#include "kernels/norm.h"
#include "kernels/simd/vec_math.h"

static void add_residual(float *x, const float *residual, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        vec_store(x + i, vec_add(vec_load(x + i), vec_load(residual + i)));
    if (i < n)
        vec_store_n(x + i, vec_add(vec_load_n(x + i, n - i), vec_load_n(residual + i, n - i)),
                    n - i);
}

/* Two sets of lanes: one alone would wait for its own additions. */
static double sum_of_squares(const float *x, size_t n)
{
    vec_sums even = sums_zero(), odd = sums_zero();
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        even = sums_add_square(even, vec_load(x + i));
        odd = sums_add_square(odd, vec_load(x + i + 16));
    }
    for (; i < n; i += 16)
        even = sums_add_square(even, vec_load_n(x + i, size_min(16, n - i)));
    return sums_total(even) + sums_total(odd);
}

static double sum_of(const float *x, size_t n)
{
    vec_sums even = sums_zero(), odd = sums_zero();
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        even = sums_add(even, vec_load(x + i));
        odd = sums_add(odd, vec_load(x + i + 16));
    }
    for (; i < n; i += 16)
        even = sums_add(even, vec_load_n(x + i, size_min(16, n - i)));
    return sums_total(even) + sums_total(odd);
}

/* A mean in two floats, for rows whose elements lie close together far from zero. */
struct mean {
    vec high, low;
};

INLINE vec deviation(vec x, struct mean mean)
{
    return vec_sub(vec_sub(x, mean.high), mean.low);
}

static double sum_of_deviations(const float *x, size_t n, struct mean mean)
{
    vec_sums even = sums_zero(), odd = sums_zero();
    size_t i = 0;
    for (; i + 32 <= n; i += 32) {
        even = sums_add_square(even, deviation(vec_load(x + i), mean));
        odd = sums_add_square(odd, deviation(vec_load(x + i + 16), mean));
    }
    for (; i < n; i += 16) {
        size_t left = size_min(16, n - i);
        vec v = deviation(vec_load_n(x + i, left), mean);
        even = sums_add_square(even, vec_keep(v, 0, left, vec_zero()));
    }
    return sums_total(even) + sums_total(odd);
}

static void rms_norm(float *y, float *x, const float *residual, const float *w, size_t n, float eps)
{
    if (residual)
        add_residual(x, residual, n);
    vec factor = vec_set1((float)(1 / sqrt(sum_of_squares(x, n) / (double)n + eps)));
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        vec_store(y + i, vec_mul(vec_mul(vec_load(x + i), factor), vec_load(w + i)));
    if (i < n) {
        vec v = vec_mul(vec_mul(vec_load_n(x + i, n - i), factor), vec_load_n(w + i, n - i));
        vec_store_n(y + i, v, n - i);
    }
}

INLINE vec layer_norm_part(const float *x, const float *w, const float *b, size_t i, size_t count,
                           struct mean mean, vec factor)
{
    vec v = vec_mul(deviation(vec_load_n(x + i, count), mean), factor);
    return vec_fma(v, vec_load_n(w + i, count), b ? vec_load_n(b + i, count) : vec_zero());
}

static void layer_norm(float *y, float *x, const float *residual, const float *w, const float *b,
                       size_t n, float eps)
{
    if (residual)
        add_residual(x, residual, n);
    double middle = sum_of(x, n) / (double)n;
    struct mean m = { vec_set1((float)middle), vec_set1((float)(middle - (float)middle)) };
    double variance = sum_of_deviations(x, n, m) / (double)n;
    vec factor = vec_set1((float)(1 / sqrt(variance + eps)));
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        vec_store(y + i, layer_norm_part(x, w, b, i, 16, m, factor));
    if (i < n)
        vec_store_n(y + i, layer_norm_part(x, w, b, i, n - i, m, factor), n - i);
}

void LEVEL(norm_init)(struct norm_kernels *k)
{
    k->rms_norm = rms_norm;
    k->layer_norm = layer_norm;
}
