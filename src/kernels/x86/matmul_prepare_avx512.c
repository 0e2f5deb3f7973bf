/* Activations to int8, a 32-block in two registers; the reference's bits. */
#include "kernels/x86/matmul_avx512vnni.h"

#include <math.h>

/* The largest |x| as bits: integers order like the floats, infinities and NaNs come out on top. */
ALWAYS_INLINE uint32_t largest_bits(__m512 a, __m512 b)
{
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512i x = _mm512_and_si512(_mm512_castps_si512(a), magnitude);
    __m512i y = _mm512_and_si512(_mm512_castps_si512(b), magnitude);
    return _mm512_reduce_max_epu32(_mm512_max_epu32(x, y));
}

static void prepare_block(const struct q8_group *group, size_t at, const float *x)
{
    __m512 a = _mm512_loadu_ps(x), b = _mm512_loadu_ps(x + 16);
    uint32_t bits = largest_bits(a, b);
    float max;
    memcpy(&max, &bits, sizeof max);
    bool finite = bits < 0x7f800000;
    bool zero = !finite || max < Q8_TINY;
    __m512 inverse = _mm512_set1_ps(zero ? 0 : 127.0f / max);
    __mmask16 kept = zero ? 0 : 0xffff;
    __m512i qa = _mm512_maskz_cvtps_epi32(kept, _mm512_mul_ps(a, inverse));
    __m512i qb = _mm512_maskz_cvtps_epi32(kept, _mm512_mul_ps(b, inverse));
    _mm_storeu_si128((__m128i *)(group->q + at * 32), _mm512_cvtepi32_epi8(qa));
    _mm_storeu_si128((__m128i *)(group->q + at * 32 + 16), _mm512_cvtepi32_epi8(qb));
    int32_t sum_a = _mm512_reduce_add_epi32(qa), sum_b = _mm512_reduce_add_epi32(qb);
    group->d[at] = !finite ? NAN : zero ? 0 : max / 127.0f;
    group->minus[at] = -sum_a - sum_b;
    group->minus16[at * 2] = -sum_a;
    group->minus16[at * 2 + 1] = -sum_b;
}

static void prepare_f32(float *out, const float *x, size_t k)
{
    memcpy(out, x, k * sizeof *out);
    memset(out + k, 0, (f32_stride(k) - k) * sizeof *out);
}

void matmul_prepare_avx512(enum activation_format format, void *prepared, const float *x,
                           size_t x_stride, size_t m, size_t k, size_t begin, size_t end)
{
    for (size_t token = begin; token < end; token++) {
        const float *row = x + token * x_stride;
        if (format == ACTIVATION_F32) {
            prepare_f32((float *)prepared + token * f32_stride(k), row, k);
            continue;
        }
        struct q8_group group = q8_group_of(prepared, m, k, token);
        for (size_t block = 0; block < k / 32; block++)
            prepare_block(&group, block * group.n_tokens + token - group.first, row + block * 32);
    }
}
