/* vec_math.h: what is written once over `vec`: exp, and sums of doubles in a fixed order of lanes.
 *
 * Included after vec_avx2.h, vec_avx512.h or vec_neon.h, whose lanes it leaves the same bits in. */
#ifndef VEC_MATH_H
#define VEC_MATH_H

#include <math.h>

/* The compiler is told to unroll where an array of accumulators must become registers. */
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* exp(x) within 2 units in the last place: x = n ln 2 + r, |r| <= ln 2 / 2, and exp(r) = 1 + r +
 * r^2 p(r), p interpolated at Chebyshev points (relative error 1.1e-8). Beyond the clamps the
 * result is 0 or INFINITY; NaN stays NaN, being the second operand of min and max. */
INLINE vec vec_exp(vec x)
{
    x = vec_max(vec_set1(-104.0f), vec_min(vec_set1(89.0f), x));
    vec n = vec_round(vec_mul(x, vec_set1(1.44269504f)));
    vec r = vec_fnma(n, vec_set1(0.693147182f), x);
    r = vec_fnma(n, vec_set1(-1.90465421e-09f), r);
    vec p = vec_set1(0.00139262131f);
    p = vec_fma(p, r, vec_set1(0.00836320315f));
    p = vec_fma(p, r, vec_set1(0.0416665561f));
    p = vec_fma(p, r, vec_set1(0.166665763f));
    p = vec_fma(p, r, vec_set1(0.5f));
    p = vec_fma(vec_mul(r, r), p, r);
    return vec_times_power(vec_add(p, vec_set1(1.0f)), n);
}

INLINE double sums_total(vec_sums s)
{
    double lanes[16], total = 0;
    sums_store(lanes, s);
    for (int i = 0; i < 16; i++)
        total += lanes[i];
    return total;
}

#endif
