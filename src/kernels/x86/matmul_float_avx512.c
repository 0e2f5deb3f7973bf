/* 4 rows x 6 tokens are 24 sums in registers: 10 loads for 24 FMAs. */
#include "kernels/x86/matmul_avx512vnni.h"
#include "kernels/simd/matmul_float.h"

enum { FLOAT_ROWS = 4, FLOAT_TOKENS = 6 };
#define ROWS_OF_TOKENS   \
    {                    \
        4, 4, 4, 4, 4, 4 \
    }

typedef __m512 lanes;

ALWAYS_INLINE lanes lanes_load(const float *from)
{
    return _mm512_load_ps(from);
}

ALWAYS_INLINE void lanes_store(float *to, lanes v)
{
    _mm512_store_ps(to, v);
}

ALWAYS_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    return _mm512_fmadd_ps(a, b, c);
}

ALWAYS_INLINE float lanes_add(lanes s)
{
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

ALWAYS_INLINE __mmask16 first(size_t count)
{
    return (__mmask16)((1u << count) - 1);
}

ALWAYS_INLINE lanes load_f32(const uint8_t *w, size_t count)
{
    return _mm512_maskz_loadu_ps(first(count), w);
}

ALWAYS_INLINE lanes load_f16(const uint8_t *w, size_t count)
{
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(first(count), w));
}

ALWAYS_INLINE lanes load_bf16(const uint8_t *w, size_t count)
{
    __m512i bits = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first(count), w));
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}

#define KERNELS_OF_TYPE(type, bytes) \
    KERNEL(type, bytes, 4, 1)        \
    KERNEL(type, bytes, 4, 2)        \
    KERNEL(type, bytes, 4, 3)        \
    KERNEL(type, bytes, 4, 4)        \
    KERNEL(type, bytes, 4, 5)        \
    KERNEL(type, bytes, 4, 6)        \
    KERNEL(type, bytes, 1, 1)        \
    KERNEL(type, bytes, 1, 2)        \
    KERNEL(type, bytes, 1, 3)        \
    KERNEL(type, bytes, 1, 4)        \
    KERNEL(type, bytes, 1, 5)        \
    KERNEL(type, bytes, 1, 6)
#define NAMES_OF_TYPE(type)                                                     \
    { type##_4x1, type##_4x2, type##_4x3, type##_4x4, type##_4x5, type##_4x6 }, \
    {                                                                           \
        type##_1x1, type##_1x2, type##_1x3, type##_1x4, type##_1x5, type##_1x6  \
    }
#define INIT matmul_init_float_avx512

#include "kernels/simd/matmul_float_impl.h"
