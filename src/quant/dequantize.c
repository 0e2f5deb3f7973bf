/* Stored blocks to float32. Each expression keeps the order of operations of the format's
 * reference: the order decides the last bit. Blocks may lie at any address, so each is copied out
 * first. */
#include "quant/block.h"
#include "quant/quantize.h"
#include "quant/scales_k.h"

static void q4_0(const void *stored, float *out)
{
    struct block_q4_0 b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d);
    for (size_t i = 0; i < 16; i++) {
        out[i] = (float)((b.qs[i] & 15) - 8) * d;
        out[i + 16] = (float)((b.qs[i] >> 4) - 8) * d;
    }
}

static void q4_1(const void *stored, float *out)
{
    struct block_q4_1 b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d), m = half_to_float(b.m);
    for (size_t i = 0; i < 16; i++) {
        out[i] = (float)(b.qs[i] & 15) * d + m;
        out[i + 16] = (float)(b.qs[i] >> 4) * d + m;
    }
}

/* The fifth bit of element i, in place. */
static int fifth_bit(const uint8_t qh[4], size_t i)
{
    return (qh[i / 8] >> (i % 8) & 1) << 4;
}

static void q5_0(const void *stored, float *out)
{
    struct block_q5_0 b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d);
    for (size_t i = 0; i < 16; i++) {
        out[i] = (float)(((b.qs[i] & 15) | fifth_bit(b.qh, i)) - 16) * d;
        out[i + 16] = (float)((b.qs[i] >> 4 | fifth_bit(b.qh, i + 16)) - 16) * d;
    }
}

static void q5_1(const void *stored, float *out)
{
    struct block_q5_1 b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d), m = half_to_float(b.m);
    for (size_t i = 0; i < 16; i++) {
        out[i] = (float)((b.qs[i] & 15) | fifth_bit(b.qh, i)) * d + m;
        out[i + 16] = (float)(b.qs[i] >> 4 | fifth_bit(b.qh, i + 16)) * d + m;
    }
}

static void q8_0(const void *stored, float *out)
{
    struct block_q8_0 b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d);
    for (size_t i = 0; i < 32; i++)
        out[i] = (float)b.qs[i] * d;
}

/* Q2_K and Q3_K: 128 elements share 32 bytes of codes, 2 bits of each byte per run of 32 elements,
 * a scale per 16. */
static void q2_k(const void *stored, float *out)
{
    struct block_q2_k b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d), min = half_to_float(b.dmin);
    for (size_t i = 0; i < SUPERBLOCK; i++) {
        uint8_t scale = b.scales[i / 16];
        int q = b.qs[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3;
        out[i] = d * (float)(scale & 15) * (float)q - min * (float)(scale >> 4);
    }
}

static void q3_k(const void *stored, float *out)
{
    struct block_q3_k b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d);
    for (size_t i = 0; i < SUPERBLOCK; i++) {
        int q = b.qs[i / 128 * 32 + i % 32] >> (i / 32 % 4 * 2) & 3;
        int third = b.hmask[i % 32] >> (i / 32) & 1;
        out[i] = d * (float)scales_k3_get(b.scales, i / 16) * (float)(q - (third ? 0 : 4));
    }
}

/* Q4_K and Q5_K: 64 elements share 32 bytes, low nibbles first; a scale and a minimum per 32. */
static void q4_k(const void *stored, float *out)
{
    struct block_q4_k b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d), dmin = half_to_float(b.dmin);
    for (size_t run = 0; run < 8; run++) {
        uint8_t scale, min;
        scales_k4_get(b.scales, run, &scale, &min);
        float step = d * (float)scale, offset = dmin * (float)min;
        for (size_t i = 0; i < 32; i++) {
            int q = b.qs[run / 2 * 32 + i] >> (run % 2 * 4) & 15;
            out[run * 32 + i] = step * (float)q - offset;
        }
    }
}

static void q5_k(const void *stored, float *out)
{
    struct block_q5_k b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d), dmin = half_to_float(b.dmin);
    for (size_t run = 0; run < 8; run++) {
        uint8_t scale, min;
        scales_k4_get(b.scales, run, &scale, &min);
        float step = d * (float)scale, offset = dmin * (float)min;
        for (size_t i = 0; i < 32; i++) {
            int q = b.qs[run / 2 * 32 + i] >> (run % 2 * 4) & 15;
            q |= (b.qh[i] >> run & 1) << 4;
            out[run * 32 + i] = step * (float)q - offset;
        }
    }
}

/* 128 elements: four runs of 32; the first two take the low nibbles of ql[0..63], the last two the
 * high ones, and each byte of qh holds two upper bits for one element of every run. */
static void q6_k(const void *stored, float *out)
{
    struct block_q6_k b;
    memcpy(&b, stored, sizeof b);
    float d = half_to_float(b.d);
    for (size_t i = 0; i < SUPERBLOCK; i++) {
        size_t half = i / 128, run = i / 32 % 4;
        int low = b.ql[half * 64 + i % 64] >> (run / 2 * 4) & 15;
        int high = b.qh[half * 32 + i % 32] >> (run * 2) & 3;
        out[i] = d * (float)b.scales[i / 16] * (float)((low | high << 4) - 32);
    }
}

static void dequantize_blocks(enum dtype type, const uint8_t *row, float *out, size_t n)
{
    static void (*const functions[DTYPE_COUNT])(const void *, float *) = {
        [DTYPE_Q4_0] = q4_0, [DTYPE_Q4_1] = q4_1, [DTYPE_Q5_0] = q5_0, [DTYPE_Q5_1] = q5_1,
        [DTYPE_Q8_0] = q8_0, [DTYPE_Q2_K] = q2_k, [DTYPE_Q3_K] = q3_k, [DTYPE_Q4_K] = q4_k,
        [DTYPE_Q5_K] = q5_k, [DTYPE_Q6_K] = q6_k,
    };
    size_t elements = dtype_block_elements(type), bytes = dtype_block_bytes(type);
    for (size_t i = 0; i < n / elements; i++)
        functions[type](row + i * bytes, out + i * elements);
}

void dequantize_row(enum dtype type, const void *row, float *out, size_t n)
{
    assert(n % dtype_block_elements(type) == 0);
    const uint8_t *bytes = row;
    if (type == DTYPE_F32) {
        memcpy(out, bytes, n * sizeof *out);
    } else if (type == DTYPE_F16 || type == DTYPE_BF16) {
        for (size_t i = 0; i < n; i++) {
            uint16_t bits;
            memcpy(&bits, bytes + 2 * i, sizeof bits);
            out[i] = type == DTYPE_F16 ? half_to_float(bits) : bfloat_to_float(bits);
        }
    } else {
        dequantize_blocks(type, bytes, out, n);
    }
}
