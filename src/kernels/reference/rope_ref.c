#include "kernels/rope.h"

#include <math.h>

static void turn(float *a, float *b, double cos_, double sin_)
{
    double x = *a, y = *b;
    *a = (float)(x * cos_ - y * sin_);
    *b = (float)(x * sin_ + y * cos_);
}

static void rotate_halves_ref(float *x, size_t n_heads, size_t head_dim, size_t rotary_dim,
                              const float *cos_, const float *sin_)
{
    size_t half = rotary_dim / 2;
    for (size_t h = 0; h < n_heads; h++, x += head_dim)
        for (size_t i = 0; i < half; i++)
            turn(&x[i], &x[i + half], cos_[i], sin_[i]);
}

static void rotate_pairs_ref(float *x, size_t n_heads, size_t head_dim, size_t rotary_dim,
                             const float *cos_, const float *sin_)
{
    size_t half = rotary_dim / 2;
    for (size_t h = 0; h < n_heads; h++, x += head_dim)
        for (size_t i = 0; i < half; i++)
            turn(&x[2 * i], &x[2 * i + 1], cos_[i], sin_[i]);
}

static void angles_ref(float *cos_, float *sin_, const float *frequency, size_t n,
                       uint32_t position)
{
    for (size_t i = 0; i < n; i++) {
        double angle = (double)position * frequency[i];
        cos_[i] = (float)cos(angle);
        sin_[i] = (float)sin(angle);
    }
}

void rope_init_reference(struct rope_kernels *k)
{
    *k = (struct rope_kernels){
        .rotate = { [ROPE_HALVES] = rotate_halves_ref, [ROPE_PAIRS] = rotate_pairs_ref },
        .angles = angles_ref,
    };
}
