/* Activations to int8, a 32-block in four registers; the reference's bits. */
#include "kernels/x86/matmul_avx2.h"

#include <math.h>

/* The largest |x| as bits: integers order like the floats, infinities and NaNs come out on top. */
ALWAYS_INLINE uint32_t largest_bits(const float *x)
{
    const __m256i magnitude = _mm256_set1_epi32(0x7fffffff);
    __m256i most = _mm256_setzero_si256();
    UNROLL(4)
    for (int i = 0; i < 4; i++) {
        __m256i bits = _mm256_loadu_si256((const __m256i *)(x + i * 8));
        most = _mm256_max_epu32(most, _mm256_and_si256(bits, magnitude));
    }
    __m128i four = _mm_max_epu32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
    __m128i two = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0x4e));
    return (uint32_t)_mm_cvtsi128_si32(_mm_max_epu32(two, _mm_shuffle_epi32(two, 0xb1)));
}

/* 16 values to q; returns their sum. */
ALWAYS_INLINE int32_t round_half(int8_t *q, const float *x, __m256 inverse)
{
    __m256i a = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x), inverse));
    __m256i b = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 8), inverse));
    __m256i sum = _mm256_add_epi32(a, b);
    __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(a, b), 0xd8);
    __m128i bytes =
        _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128((__m128i *)q, bytes);
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    __m128i two = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 0xb1)));
}

static void prepare_block(const struct q8_group *group, size_t at, const float *x)
{
    uint32_t bits = largest_bits(x);
    float max;
    memcpy(&max, &bits, sizeof max);
    bool finite = bits < 0x7f800000;
    int32_t sum[2] = { 0, 0 };
    if (!finite || max < Q8_TINY) {
        memset(group->q + at * 32, 0, 32);
        group->d[at] = finite ? 0 : NAN;
    } else {
        __m256 inverse = _mm256_set1_ps(127.0f / max);
        sum[0] = round_half(group->q + at * 32, x, inverse);
        sum[1] = round_half(group->q + at * 32 + 16, x + 16, inverse);
        group->d[at] = max / 127.0f;
    }
    group->minus[at] = -sum[0] - sum[1];
    group->minus16[at * 2] = -sum[0];
    group->minus16[at * 2 + 1] = -sum[1];
}

static void prepare_f32(float *out, const float *x, size_t k)
{
    memcpy(out, x, k * sizeof *out);
    memset(out + k, 0, (f32_stride(k) - k) * sizeof *out);
}

void matmul_prepare_avx2(enum activation_format format, void *prepared, const float *x,
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
