/* matmul.h: y = x W^T for every stored type of W.
 *
 * A weight matrix has n rows of k elements in the layout of its file; x is m tokens of k floats.
 * For quantized types `prepare` rounds x to int8 per 32 values, q = round(x / d), d = max|x| / 127;
 * for F32, F16 and BF16 x stays float32.
 *
 * Exactness: y[t][r] depends on token t and weight row r only, never on m, on how rows are divided
 * among calls, or on the thread. Per output element the sum over k is taken in one fixed order, the
 * same in every variant that uses FMA: integer dot products are exact, and floats are added block
 * after block. So AVX2, AVX-512 and NEON give the same bits; the reference uses double accumulators
 * and is met within MATMUL_TOLERANCE. */
#ifndef MATMUL_H
#define MATMUL_H

#include "base/base.h"
#include "quant/dtype.h"

/* Jobs divide the weight rows at multiples of this. */
enum { MATMUL_TILE = 16 };

/* Relative to sum |w x| over k: float32 rounding of up to 1000 block sums. */
#define MATMUL_TOLERANCE 1e-5f

enum activation_format { ACTIVATION_F32, ACTIVATION_Q8, ACTIVATION_FORMATS };

/* What the weights of a type are multiplied with. */
enum activation_format matmul_activation(enum dtype weight_type);

struct matmul {
    /* [n] rows of row_bytes; aligned to the element (2 or 4 bytes; 1 for none) */
    const void *weight;
    size_t row_bytes;
    size_t n, k;   /* k is a multiple of the type's block */
    const void *x; /* prepared activations of m tokens, in the format for the type */
    size_t m;
    float *y; /* [m][y_stride]; columns n_begin..n_end are written */
    size_t y_stride;
    const float *bias; /* [n] added last, or NULL */
};

struct matmul_kernels {
    /* Bytes of prepared activations; 64-byte aligned memory. Grows with m. */
    size_t (*prepared_bytes)(enum activation_format format, size_t m, size_t k);

    /* Tokens [begin, end) of x ([m][x_stride] floats, m as in prepared_bytes) into their places.
     * Different threads may prepare different tokens of one buffer at once. */
    void (*prepare)(enum activation_format format, void *prepared, const float *x, size_t x_stride,
                    size_t m, size_t k, size_t begin, size_t end);

    /* Scratch memory each thread must bring to `run`, 64-byte aligned. */
    size_t (*scratch_bytes)(enum dtype type, size_t k);

    /* Weight rows [n_begin, n_end) for all tokens; n_begin is a multiple of MATMUL_TILE, n_end too
     * or equal to n. */
    void (*run[DTYPE_COUNT])(const struct matmul *job, size_t n_begin, size_t n_end, void *scratch);
};

/* One function a level, called by the tables: the reference fills every slot, the others overwrite
 * theirs. */
void matmul_init_reference(struct matmul_kernels *matmul);
void matmul_init_avx2(struct matmul_kernels *matmul);
void matmul_init_avxvnni(struct matmul_kernels *matmul);
void matmul_init_avx512vnni(struct matmul_kernels *matmul);
void matmul_init_neon(struct matmul_kernels *matmul);
void matmul_init_dotprod(struct matmul_kernels *matmul);
void matmul_init_i8mm(struct matmul_kernels *matmul);

#endif
