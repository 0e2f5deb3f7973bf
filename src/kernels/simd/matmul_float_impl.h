/* matmul_float_impl.h: the kernels for float weights; included by one file an instruction set.
 *
 * The file defines before: `lanes` (16 floats) with lanes_load, lanes_store, lanes_fma and
 * lanes_add, the loaders of each type (load_f32, ..., which read no element past `count`), and
 * FLOAT_ROWS and FLOAT_TOKENS. */

struct sums {
    lanes at[FLOAT_ROWS][FLOAT_TOKENS];
};

/* 16 weights; those from `count` on are not read and become 0. */
typedef lanes load_weights(const uint8_t *w, size_t count);

/* One step of 16 elements. */
ALWAYS_INLINE void step(struct sums *s, int rows, int tokens, load_weights *load, const uint8_t *w,
                        size_t row_bytes, const float *x, size_t x_stride, size_t count)
{
    lanes weights[FLOAT_ROWS];
    UNROLL(4)
    for (int r = 0; r < rows; r++)
        weights[r] = load(w + (size_t)r * row_bytes, count);
    UNROLL(6)
    for (int t = 0; t < tokens; t++) {
        lanes values = lanes_load(x + (size_t)t * x_stride);
        UNROLL(4)
        for (int r = 0; r < rows; r++)
            s->at[r][t] = lanes_fma(weights[r], values, s->at[r][t]);
    }
}

/* float_kernel for constant counts */
ALWAYS_INLINE void multiply(load_weights *load, size_t element_bytes, int rows, int tokens,
                            const uint8_t *w, size_t row_bytes, const float *x, size_t x_stride,
                            size_t k_count, float *sums)
{
    struct sums s;
    UNROLL(4)
    for (int r = 0; r < rows; r++) {
        UNROLL(6)
        for (int t = 0; t < tokens; t++)
            s.at[r][t] = lanes_load(sums + (r * tokens + t) * FLOAT_LANES);
    }
    size_t i = 0;
    for (; i + FLOAT_LANES <= k_count; i += FLOAT_LANES)
        step(&s, rows, tokens, load, w + i * element_bytes, row_bytes, x + i, x_stride,
             FLOAT_LANES);
    if (i < k_count)
        step(&s, rows, tokens, load, w + i * element_bytes, row_bytes, x + i, x_stride,
             k_count - i);
    UNROLL(4)
    for (int r = 0; r < rows; r++) {
        UNROLL(6)
        for (int t = 0; t < tokens; t++)
            lanes_store(sums + (r * tokens + t) * FLOAT_LANES, s.at[r][t]);
    }
}

static float add_lanes(const float *sums)
{
    return lanes_add(lanes_load(sums));
}

#define KERNEL(type, element_bytes, rows, tokens)                                              \
    static void type##_##rows##x##tokens(const uint8_t *w, size_t row_bytes, const float *x,   \
                                         size_t x_stride, size_t k_count, float *sums)         \
    {                                                                                          \
        multiply(load_##type, element_bytes, rows, tokens, w, row_bytes, x, x_stride, k_count, \
                 sums);                                                                        \
    }
#define TYPE(type, element_bytes)                                                                 \
    KERNELS_OF_TYPE(type, element_bytes)                                                          \
    static void run_##type(const struct matmul *job, size_t n_begin, size_t n_end, void *scratch) \
    {                                                                                             \
        static const struct float_isa isa = { element_bytes, FLOAT_TOKENS, ROWS_OF_TOKENS,        \
                                              NAMES_OF_TYPE(type), add_lanes };                   \
        float_matmul(&isa, job, n_begin, n_end, scratch);                                         \
    }
TYPE(f32, 4)
TYPE(f16, 2)
TYPE(bf16, 2)

void INIT(struct matmul_kernels *matmul)
{
    matmul->run[DTYPE_F32] = run_f32;
    matmul->run[DTYPE_F16] = run_f16;
    matmul->run[DTYPE_BF16] = run_bf16;
}
