/* The exactness that matmul.h promises, bit by bit: every level this processor has, every stored
 * type. */
#include "test.h"

#include <math.h>

#include "base/memory.h"
#include "kernels/kernels.h"
#include "quant/quantize.h"

enum { N = 37, K = 768, M = 20 };

static uint64_t random_state;

static uint32_t random_bits(void)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33);
}

static float random_float(void)
{
    return (float)((double)random_bits() / 1073741824.0 - 1.0);
}

/* One product of a type that both sides know how to make: random bytes are valid codes, scales stay
 * finite. */
struct product {
    enum dtype type;
    uint8_t *weight;
    float *x;
};

static struct product product_new(enum dtype type)
{
    struct product p = { .type = type };
    size_t bytes = N * dtype_row_bytes(type, K);
    random_state = 20240607 + (uint64_t)type;
    p.weight = memory_aligned(bytes);
    p.x = memory_aligned(M * K * sizeof *p.x);
    for (size_t i = 0; i < bytes; i++)
        p.weight[i] = (uint8_t)(random_bits() >> 8 & 0x3f); /* as a half float below 2 */
    if (type == DTYPE_F32 || type == DTYPE_F16 || type == DTYPE_BF16)
        for (size_t i = 0; i < N * K; i++)
            quantize_row(type, &(float){ random_float() }, p.weight + i * dtype_block_bytes(type),
                         1);
    for (size_t i = 0; i < M * K; i++)
        p.x[i] = random_float();
    return p;
}

static void product_free(struct product *p)
{
    memory_free(p->weight);
    memory_free(p->x);
}

/* Tokens [t_begin, t_end) into y [t_end - t_begin][N], rows in portions of `portion`. */
static void multiply(unsigned features, const struct product *p, size_t t_begin, size_t t_end,
                     size_t portion, float *y)
{
    struct kernels k;
    kernels_init(&k, features);
    enum activation_format format = matmul_activation(p->type);
    size_t m = t_end - t_begin;
    void *prepared = memory_aligned(k.matmul.prepared_bytes(format, m, K));
    void *scratch = memory_aligned(k.matmul.scratch_bytes(p->type, K));
    k.matmul.prepare(format, prepared, p->x + t_begin * K, K, m, K, 0, m);
    struct matmul job = { .weight = p->weight,
                          .row_bytes = dtype_row_bytes(p->type, K),
                          .n = N,
                          .k = K,
                          .x = prepared,
                          .m = m,
                          .y = y,
                          .y_stride = N };
    for (size_t n = 0; n < N; n += portion)
        k.matmul.run[p->type](&job, n, size_min(n + portion, N), scratch);
    memory_free(prepared);
    memory_free(scratch);
}

enum { MOST_LEVELS = 4 };

/* The levels of matmul that this processor has, the reference first. */
static size_t levels(unsigned out[MOST_LEVELS])
{
    static const unsigned known[] = {
        CPU_AVX2,
        CPU_AVX2 | CPU_AVX512 | CPU_AVX512VNNI,
        CPU_NEON,
        CPU_NEON | CPU_DOTPROD,
        CPU_NEON | CPU_DOTPROD | CPU_I8MM,
    };
    unsigned all = cpu_features_detect();
    size_t count = 0;
    out[count++] = 0;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if ((all & known[i]) == known[i])
            out[count++] = known[i];
    return count;
}

static void assert_same_bits(enum dtype type, const float *got, const float *want, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (memcmp(&got[i], &want[i], sizeof *got) != 0)
            fail_msg("%s: y[%zu][%zu] is %.9g, expected %.9g", dtype_name(type), i / N, i % N,
                     (double)got[i], (double)want[i]);
}

TEST(a_token_alone_gives_the_bits_it_gives_among_others)
{
    static float all[M * N], part[M * N];
    unsigned level[MOST_LEVELS] = { 0 };
    for (size_t l = 0; l < levels(level); l++)
        for (enum dtype type = 0; type < DTYPE_COUNT; type++) {
            struct product p = product_new(type);
            multiply(level[l], &p, 0, M, 48, all);
            for (size_t size = 1; size < M; size += size < 7 ? 1 : 5)
                for (size_t t = 0; t < M; t += size) {
                    size_t end = size_min(t + size, M);
                    multiply(level[l], &p, t, end, 48, part);
                    assert_same_bits(type, part, all + t * N, (end - t) * N);
                }
            product_free(&p);
        }
}

TEST(dividing_the_rows_does_not_change_a_bit)
{
    static float whole[M * N], divided[M * N];
    unsigned level[MOST_LEVELS] = { 0 };
    for (size_t l = 0; l < levels(level); l++)
        for (enum dtype type = 0; type < DTYPE_COUNT; type++) {
            struct product p = product_new(type);
            multiply(level[l], &p, 0, M, 48, whole);
            for (size_t portion = 16; portion <= 32; portion += 16) {
                multiply(level[l], &p, 0, M, portion, divided);
                assert_same_bits(type, divided, whole, M * N);
            }
            product_free(&p);
        }
}

TEST(all_levels_with_fma_give_the_same_bits)
{
    static float one[M * N], other[M * N];
    unsigned level[MOST_LEVELS] = { 0 };
    size_t count = levels(level);
    if (count < 3)
        SKIP("this processor has no two levels to compare");
    for (enum dtype type = 0; type < DTYPE_COUNT; type++) {
        struct product p = product_new(type);
        multiply(level[1], &p, 0, M, 48, one);
        for (size_t l = 2; l < count; l++) {
            multiply(level[l], &p, 0, M, 48, other);
            assert_same_bits(type, one, other, M * N);
        }
        product_free(&p);
    }
}

/* FNV-1a over the bits of y of every type in order. */
static uint32_t bits_of_all_types(unsigned features)
{
    static float y[M * N];
    uint32_t hash = 2166136261u;
    for (enum dtype type = 0; type < DTYPE_COUNT; type++) {
        struct product p = product_new(type);
        multiply(features, &p, 0, M, 48, y);
        for (size_t i = 0; i < M * N; i++) {
            uint32_t bits;
            memcpy(&bits, &y[i], sizeof bits);
            hash = (hash ^ bits) * 16777619u;
        }
        product_free(&p);
    }
    return hash;
}

/* The number was read from AVX-512; it changes when a formula of matmul_panel.h or matmul_float.h
 * does, and then on all machines alike. */
TEST(levels_with_fma_give_the_bits_of_other_machines)
{
    unsigned level[MOST_LEVELS] = { 0 };
    for (size_t l = 1; l < levels(level); l++)
        assert_int_equal(bits_of_all_types(level[l]), 0x34775c53);
}

TEST(every_level_is_near_the_reference)
{
    static float want[M * N], got[M * N], w[K];
    unsigned level[MOST_LEVELS] = { 0 };
    for (size_t l = 1; l < levels(level); l++)
        for (enum dtype type = 0; type < DTYPE_COUNT; type++) {
            struct product p = product_new(type);
            multiply(0, &p, 0, M, 48, want);
            multiply(level[l], &p, 0, M, 48, got);
            for (size_t i = 0; i < M * N; i++) {
                double size = 0;
                dequantize_row(type, p.weight + i % N * dtype_row_bytes(type, K), w, K);
                for (size_t j = 0; j < K; j++)
                    size += fabs((double)w[j] * (double)p.x[i / N * K + j]);
                if (!(fabs((double)got[i] - (double)want[i]) <= (double)MATMUL_TOLERANCE * size))
                    fail_msg("%s: y[%zu][%zu] is %.9g, the reference says %.9g", dtype_name(type),
                             i / N, i % N, (double)got[i], (double)want[i]);
            }
            product_free(&p);
        }
}

TEST(a_token_with_an_infinity_becomes_nan_and_leaves_the_others_alone)
{
    static float clean[M * N], hurt[M * N];
    unsigned level[MOST_LEVELS] = { 0 };
    for (size_t l = 0; l < levels(level); l++)
        for (enum dtype type = 0; type < DTYPE_COUNT; type++) {
            struct product p = product_new(type);
            multiply(level[l], &p, 0, M, 48, clean);
            p.x[3 * K + 100] = INFINITY;
            p.x[3 * K + 101] = NAN;
            multiply(level[l], &p, 0, M, 48, hurt);
            assert_same_bits(type, hurt, clean, 3 * N);
            assert_same_bits(type, hurt + 4 * N, clean + 4 * N, (M - 4) * N);
            for (size_t r = 0; r < N; r++)
                assert_true(isnan(hurt[3 * N + r]));
            product_free(&p);
        }
}
