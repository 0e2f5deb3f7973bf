#include "quant/quantize.h"

#include "quant/block.h"
#include "quant/quantize_k.h"

#include <math.h>

/* Half away from zero, as the format's reference rounds; whatever is not finite becomes zero. */
static int8_t round_q8(float value)
{
    float rounded = roundf(value);
    return rounded >= -127.0f && rounded <= 127.0f ? (int8_t)rounded : 0;
}

static void q8_0(const float *x, void *out)
{
    float largest = 0;
    for (size_t i = 0; i < BLOCK; i++)
        largest = fmaxf(largest, fabsf(x[i]));
    float d = largest / 127.0f, inverse = d != 0 ? 1.0f / d : 0;
    struct block_q8_0 b = { .d = float_to_half(d) };
    for (size_t i = 0; i < BLOCK; i++)
        b.qs[i] = round_q8(x[i] * inverse);
    memcpy(out, &b, sizeof b);
}

/* Code 0 to 15 of a value already divided by the step; 8 stands for zero. */
static uint8_t code_q4(float scaled)
{
    float shifted = scaled + 8.5f;
    if (!(shifted >= 0))
        return shifted != shifted ? 8 : 0;
    return shifted >= 15.0f ? 15 : (uint8_t)shifted;
}

/* The element of largest magnitude gets the code 0, whose value -8 is the one without a positive
 * twin. */
static void q4_0(const float *x, void *out)
{
    float extreme = 0;
    for (size_t i = 0; i < BLOCK; i++)
        if (fabsf(x[i]) > fabsf(extreme))
            extreme = x[i];
    float d = extreme / -8.0f, inverse = d != 0 ? 1.0f / d : 0;
    struct block_q4_0 b = { .d = float_to_half(d) };
    for (size_t i = 0; i < 16; i++)
        b.qs[i] = (uint8_t)(code_q4(x[i] * inverse) | code_q4(x[i + 16] * inverse) << 4);
    memcpy(out, &b, sizeof b);
}

static void q4_k(const float *x, void *out)
{
    struct block_q4_k b;
    quantize_q4_k(x, &b);
    memcpy(out, &b, sizeof b);
}

static void q6_k(const float *x, void *out)
{
    struct block_q6_k b;
    quantize_q6_k(x, &b);
    memcpy(out, &b, sizeof b);
}

static void f32(const float *x, void *out)
{
    memcpy(out, x, sizeof *x);
}

static void f16(const float *x, void *out)
{
    uint16_t bits = float_to_half(*x);
    memcpy(out, &bits, sizeof bits);
}

static void bf16(const float *x, void *out)
{
    uint16_t bits = float_to_bfloat(*x);
    memcpy(out, &bits, sizeof bits);
}

/* One block each; NULL: hearth only reads the type. */
static void (*const functions[DTYPE_COUNT])(const float *, void *) = {
    [DTYPE_F32] = f32,   [DTYPE_F16] = f16,   [DTYPE_BF16] = bf16, [DTYPE_Q4_0] = q4_0,
    [DTYPE_Q8_0] = q8_0, [DTYPE_Q4_K] = q4_k, [DTYPE_Q6_K] = q6_k,
};

bool quantize_supported(enum dtype type)
{
    return functions[type] != NULL;
}

void quantize_row(enum dtype type, const float *row, void *out, size_t n)
{
    size_t elements = dtype_block_elements(type), bytes = dtype_block_bytes(type);
    assert(functions[type] && n % elements == 0);
    for (size_t i = 0; i < n / elements; i++)
        functions[type](row + i * elements, (uint8_t *)out + i * bytes);
}
