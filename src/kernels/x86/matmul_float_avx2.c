/* 2 rows x 3 tokens are 6 sums of two registers each: 12 of 16, and 10 loads for 12 FMAs. With one
 * token four rows are read side by side, which the memory answers sooner than two. */
#include "kernels/x86/matmul_avx2.h"
#include "kernels/simd/matmul_float.h"

enum { FLOAT_ROWS = 4, FLOAT_TOKENS = 3 };
#define ROWS_OF_TOKENS \
    {                  \
        4, 2, 2        \
    }

typedef struct {
    __m256 low, high;
} lanes;

ALWAYS_INLINE lanes lanes_load(const float *from)
{
    return (lanes){ _mm256_load_ps(from), _mm256_load_ps(from + 8) };
}

ALWAYS_INLINE void lanes_store(float *to, lanes v)
{
    _mm256_store_ps(to, v.low);
    _mm256_store_ps(to + 8, v.high);
}

ALWAYS_INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    return (lanes){ _mm256_fmadd_ps(a.low, b.low, c.low), _mm256_fmadd_ps(a.high, b.high, c.high) };
}

ALWAYS_INLINE float lanes_add(lanes s)
{
    __m256 eight = _mm256_add_ps(s.low, s.high);
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* The last elements of a row, copied to where reading past them is harmless. */
struct tail {
    _Alignas(32) uint8_t bytes[64];
};

ALWAYS_INLINE const uint8_t *whole_or_tail(const uint8_t *w, size_t count, size_t element_bytes,
                                           struct tail *tail)
{
    if (count == FLOAT_LANES)
        return w;
    memset(tail->bytes, 0, sizeof tail->bytes);
    memcpy(tail->bytes, w, count * element_bytes);
    return tail->bytes;
}

ALWAYS_INLINE lanes load_f32(const uint8_t *w, size_t count)
{
    struct tail tail;
    const float *from = (const float *)whole_or_tail(w, count, 4, &tail);
    return (lanes){ _mm256_loadu_ps(from), _mm256_loadu_ps(from + 8) };
}

ALWAYS_INLINE lanes load_f16(const uint8_t *w, size_t count)
{
    struct tail tail;
    const __m128i *from = (const __m128i *)whole_or_tail(w, count, 2, &tail);
    return (lanes){ _mm256_cvtph_ps(_mm_loadu_si128(from)),
                    _mm256_cvtph_ps(_mm_loadu_si128(from + 1)) };
}

ALWAYS_INLINE __m256 bfloats(__m128i bits)
{
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}

ALWAYS_INLINE lanes load_bf16(const uint8_t *w, size_t count)
{
    struct tail tail;
    const __m128i *from = (const __m128i *)whole_or_tail(w, count, 2, &tail);
    return (lanes){ bfloats(_mm_loadu_si128(from)), bfloats(_mm_loadu_si128(from + 1)) };
}

#define KERNELS_OF_TYPE(type, bytes) \
    KERNEL(type, bytes, 4, 1)        \
    KERNEL(type, bytes, 2, 2)        \
    KERNEL(type, bytes, 2, 3)        \
    KERNEL(type, bytes, 1, 1)        \
    KERNEL(type, bytes, 1, 2)        \
    KERNEL(type, bytes, 1, 3)
#define NAMES_OF_TYPE(type)                 \
    { type##_4x1, type##_2x2, type##_2x3 }, \
    {                                       \
        type##_1x1, type##_1x2, type##_1x3  \
    }
#define INIT matmul_init_float_avx2

#include "kernels/simd/matmul_float_impl.h"
