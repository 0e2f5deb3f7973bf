/* F32, F16 and BF16 weights times float32 tokens: 4 rows x 6 tokens are 24 sums in registers, 10
 * loads for 24 FMAs. */
#include "kernels/x86/matmul_avx512vnni.h"
#include "kernels/x86/matmul_float.h"

#define UNROLL_ROWS   _Pragma("GCC unroll 4")
#define UNROLL_TOKENS _Pragma("GCC unroll 6")

/* 16 weights as float32; those the mask leaves out are not read and count as 0. */
typedef __m512 load_weights(const uint8_t *w, __mmask16 kept);

ALWAYS_INLINE __m512 load_f32(const uint8_t *w, __mmask16 kept)
{
    return _mm512_maskz_loadu_ps(kept, w);
}

ALWAYS_INLINE __m512 load_f16(const uint8_t *w, __mmask16 kept)
{
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(kept, w));
}

ALWAYS_INLINE __m512 load_bf16(const uint8_t *w, __mmask16 kept)
{
    __m512i bits = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(kept, w));
    return _mm512_castsi512_ps(_mm512_slli_epi32(bits, 16));
}

struct counts {
    int rows, tokens;
};

struct sums {
    __m512 at[FLOAT_ROWS][FLOAT_TOKENS];
};

/* One step of 16 elements. */
ALWAYS_INLINE void step(struct sums *s, struct counts n, load_weights *load, const uint8_t *w,
                        size_t row_bytes, const float *x, size_t x_stride, __mmask16 kept)
{
    __m512 weights[FLOAT_ROWS];
    UNROLL_ROWS
    for (int r = 0; r < n.rows; r++)
        weights[r] = load(w + (size_t)r * row_bytes, kept);
    UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++) {
        __m512 values = _mm512_loadu_ps(x + (size_t)t * x_stride);
        UNROLL_ROWS
        for (int r = 0; r < n.rows; r++)
            s->at[r][t] = _mm512_fmadd_ps(weights[r], values, s->at[r][t]);
    }
}

/* The tree of matmul_float.h. */
ALWAYS_INLINE float sum_lanes(__m512 s)
{
    __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(s), _mm512_extractf32x8_ps(s, 1));
    __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

ALWAYS_INLINE void multiply(load_weights *load, size_t element, struct counts n,
                            const struct matmul *job, const uint8_t *w, const float *x, float *y)
{
    size_t x_stride = f32_stride(job->k), whole = job->k & ~(size_t)15;
    struct sums s;
    UNROLL_ROWS
    for (int r = 0; r < n.rows; r++)
        UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++)
        s.at[r][t] = _mm512_setzero_ps();
    for (size_t i = 0; i < whole; i += 16)
        step(&s, n, load, w + i * element, job->row_bytes, x + i, x_stride, 0xffff);
    if (whole < job->k)
        step(&s, n, load, w + whole * element, job->row_bytes, x + whole, x_stride,
             (__mmask16)((1u << (job->k - whole)) - 1));
    UNROLL_ROWS
    for (int r = 0; r < n.rows; r++)
        UNROLL_TOKENS
    for (int t = 0; t < n.tokens; t++)
        y[(size_t)t * job->y_stride + (size_t)r] = sum_lanes(s.at[r][t]);
}

#define KERNEL(type, load, element, n_rows, n_tokens)                                    \
    static void type##_##n_rows##x##n_tokens(const struct matmul *job, const uint8_t *w, \
                                             const float *x, float *y)                   \
    {                                                                                    \
        multiply(load, element, (struct counts){ n_rows, n_tokens }, job, w, x, y);      \
    }
#define KERNELS_OF_ROWS(type, load, element, rows) \
    KERNEL(type, load, element, rows, 1)           \
    KERNEL(type, load, element, rows, 2)           \
    KERNEL(type, load, element, rows, 3)           \
    KERNEL(type, load, element, rows, 4)           \
    KERNEL(type, load, element, rows, 5)           \
    KERNEL(type, load, element, rows, 6)
#define NAMES(type, rows)                                                           \
    {                                                                               \
        type##_##rows##x1, type##_##rows##x2, type##_##rows##x3, type##_##rows##x4, \
            type##_##rows##x5, type##_##rows##x6                                    \
    }
#define TYPE(type, load, element)                                                                 \
    KERNELS_OF_ROWS(type, load, element, 4)                                                       \
    KERNELS_OF_ROWS(type, load, element, 1)                                                       \
    static void run_##type(const struct matmul *job, size_t n_begin, size_t n_end, void *scratch) \
    {                                                                                             \
        static const struct float_isa isa = { NAMES(type, 4), NAMES(type, 1) };                   \
        (void)scratch;                                                                            \
        float_matmul(&isa, job, n_begin, n_end);                                                  \
    }

TYPE(f32, load_f32, 4)
TYPE(f16, load_f16, 2)
TYPE(bf16, load_bf16, 2)

void matmul_init_float_avx512(struct matmul_kernels *matmul)
{
    matmul->run[DTYPE_F32] = run_f32;
    matmul->run[DTYPE_F16] = run_f16;
    matmul->run[DTYPE_BF16] = run_bf16;
}
