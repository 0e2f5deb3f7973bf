/* dequantize_impl.h: stored rows to floats over `vec`, each expression in the order of
 * quant/quantize.h, so that the bits are the same; types without a loop here go there. */
#include "quant/block.h"
#include "quant/quantize.h"
#include "quant/scales_k.h"

/* Rows may begin at any address: blocks are read by memcpy and unaligned loads only. */
INLINE float half_at(const void *p)
{
    uint16_t bits;
    memcpy(&bits, p, sizeof bits);
    return half_to_float(bits);
}

static void dequantize_q8_0(const uint8_t *row, float *out, size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++, row += sizeof(struct block_q8_0), out += BLOCK) {
        vec d = vec_set1(half_at(row));
        vec_store(out, vec_mul(vec_from_bytes(bytes_at(row + 2)), d));
        vec_store(out + 16, vec_mul(vec_from_bytes(bytes_at(row + 18)), d));
    }
}

static void dequantize_q4_0(const uint8_t *row, float *out, size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++, row += sizeof(struct block_q4_0), out += BLOCK) {
        vec d = vec_set1(half_at(row));
        vec_bytes packed = bytes_at(row + 2), eight = bytes_set1(8);
        vec_bytes low = bytes_sub(bytes_field(packed, 0, 15), eight);
        vec_bytes high = bytes_sub(bytes_field(packed, 4, 15), eight);
        vec_store(out, vec_mul(vec_from_bytes(low), d));
        vec_store(out + 16, vec_mul(vec_from_bytes(high), d));
    }
}

static void dequantize_q4_k(const uint8_t *row, float *out, size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++, row += sizeof(struct block_q4_k), out += SUPERBLOCK) {
        float d = half_at(row), dmin = half_at(row + 2);
        const uint8_t *qs = row + offsetof(struct block_q4_k, qs);
        for (size_t run = 0; run < 8; run++) {
            uint8_t scale, min;
            scales_k4_get(row + offsetof(struct block_q4_k, scales), run, &scale, &min);
            vec step = vec_set1(d * (float)scale), offset = vec_set1(dmin * (float)min);
            for (size_t part = 0; part < 32; part += 16) {
                vec_bytes packed = bytes_at(qs + run / 2 * 32 + part);
                vec q = vec_from_bytes(bytes_field(packed, run % 2 * 4, 15));
                vec_store(out + run * 32 + part, vec_sub(vec_mul(step, q), offset));
            }
        }
    }
}

/* Sixteen codes of run `run` (of four) of one half of a block, minus 32. */
INLINE vec_bytes q6_codes(const uint8_t *ql, const uint8_t *qh, size_t run)
{
    vec_bytes low = bytes_field(bytes_at(ql), run / 2 * 4, 15);
    vec_bytes high = bytes_raise(bytes_field(bytes_at(qh), run * 2, 3));
    return bytes_sub(bytes_or(low, high), bytes_set1(32));
}

static void dequantize_q6_k(const uint8_t *row, float *out, size_t n_blocks)
{
    for (size_t i = 0; i < n_blocks; i++, row += sizeof(struct block_q6_k), out += SUPERBLOCK) {
        float d = half_at(row + offsetof(struct block_q6_k, d));
        const uint8_t *qh = row + offsetof(struct block_q6_k, qh);
        const int8_t *scales = (const int8_t *)row + offsetof(struct block_q6_k, scales);
        for (size_t part = 0; part < 16; part++) { /* 16 elements with one scale */
            size_t half = part / 8, run = part / 2 % 4, at = part % 2 * 16;
            vec_bytes q = q6_codes(row + half * 64 + run % 2 * 32 + at, qh + half * 32 + at, run);
            vec step = vec_set1(d * (float)scales[part]);
            vec_store(out + part * 16, vec_mul(step, vec_from_bytes(q)));
        }
    }
}

static void dequantize_halves(const uint8_t *row, float *out, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        vec_store(out + i, vec_from_halves(row + 2 * i));
    dequantize_row(DTYPE_F16, row + 2 * i, out + i, n - i);
}

static void dequantize_bfloats(const uint8_t *row, float *out, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        vec_store(out + i, vec_from_bfloats(row + 2 * i));
    dequantize_row(DTYPE_BF16, row + 2 * i, out + i, n - i);
}

static void dequantize(float *out, const void *row, size_t n, int dtype)
{
    switch ((enum dtype)dtype) {
    case DTYPE_F16:
        dequantize_halves(row, out, n);
        break;
    case DTYPE_BF16:
        dequantize_bfloats(row, out, n);
        break;
    case DTYPE_Q4_0:
        dequantize_q4_0(row, out, n / BLOCK);
        break;
    case DTYPE_Q8_0:
        dequantize_q8_0(row, out, n / BLOCK);
        break;
    case DTYPE_Q4_K:
        dequantize_q4_k(row, out, n / SUPERBLOCK);
        break;
    case DTYPE_Q6_K:
        dequantize_q6_k(row, out, n / SUPERBLOCK);
        break;
    default:
        dequantize_row((enum dtype)dtype, row, out, n);
    }
}
