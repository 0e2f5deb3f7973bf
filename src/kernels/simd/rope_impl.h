/* rope_impl.h: rotation over `vec`; included by rope_<level>.c after its vec header. The angles
 * stay with the reference: they are computed once a token, in double. */
#include "kernels/rope.h"
#include "kernels/simd/vec_math.h"

INLINE void turn_halves(float *x, float *y, const float *cos_, const float *sin_, size_t n)
{
    vec a = vec_load_n(x, n), b = vec_load_n(y, n);
    vec c = vec_load_n(cos_, n), s = vec_load_n(sin_, n);
    vec_store_n(x, vec_fnma(b, s, vec_mul(a, c)), n);
    vec_store_n(y, vec_fma(a, s, vec_mul(b, c)), n);
}

static void rotate_halves(float *x, size_t n_heads, size_t head_dim, size_t rotary_dim,
                          const float *cos_, const float *sin_)
{
    size_t half = rotary_dim / 2;
    for (size_t h = 0; h < n_heads; h++, x += head_dim) {
        size_t i = 0;
        for (; i + 16 <= half; i += 16)
            turn_halves(x + i, x + half + i, cos_ + i, sin_ + i, 16);
        if (i < half)
            turn_halves(x + i, x + half + i, cos_ + i, sin_ + i, half - i);
    }
}

/* n <= 8 pairs: (a, b, ...) c -+ (b, a, ...) s. */
INLINE void turn_pairs(float *x, const float *cos_, const float *sin_, size_t n)
{
    vec v = vec_load_n(x, 2 * n);
    vec crossed = vec_mul(vec_swap_pairs(v), vec_load_twice(sin_, n));
    vec_store_n(x, vec_fma_alternate(v, vec_load_twice(cos_, n), crossed), 2 * n);
}

static void rotate_pairs(float *x, size_t n_heads, size_t head_dim, size_t rotary_dim,
                         const float *cos_, const float *sin_)
{
    size_t half = rotary_dim / 2;
    for (size_t h = 0; h < n_heads; h++, x += head_dim) {
        size_t i = 0;
        for (; i + 8 <= half; i += 8)
            turn_pairs(x + 2 * i, cos_ + i, sin_ + i, 8);
        if (i < half)
            turn_pairs(x + 2 * i, cos_ + i, sin_ + i, half - i);
    }
}

void LEVEL(rope_init)(struct rope_kernels *k)
{
    k->rotate[ROPE_HALVES] = rotate_halves;
    k->rotate[ROPE_PAIRS] = rotate_pairs;
}
