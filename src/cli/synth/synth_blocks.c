#include "cli/synth/synth_blocks.h"

#include "quant/block.h"
#include "quant/quantize.h"
#include "quant/scales_k.h"

struct random {
    uint64_t state;
};

/* SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators): any state is a
 * good beginning. */
static uint64_t draw(struct random *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static struct random random_at(uint64_t seed, uint64_t block)
{
    struct random r = { seed ^ block * 0xd1342543de82ef95u };
    r.state = draw(&r);
    return r;
}

static void draw_bytes(struct random *r, uint8_t *out, size_t size)
{
    for (; size >= 8; size -= 8, out += 8) {
        uint64_t bits = draw(r);
        memcpy(out, &bits, 8);
    }
    uint64_t bits = draw(r);
    memcpy(out, &bits, size);
}

/* Nearly normal: the sum of four uniform numbers, scaled to the deviation 1. */
static float draw_normal(struct random *r)
{
    uint64_t bits = draw(r);
    int sum = (int)(bits & 0xffff) + (int)(bits >> 16 & 0xffff) + (int)(bits >> 32 & 0xffff) +
              (int)(bits >> 48);
    return (float)(sum - 131070) / 37837.2f;
}

/* From 3/4 to 5/4, so that blocks differ as real ones do. */
static float draw_factor(struct random *r)
{
    return 0.75f + (float)(draw(r) >> 40) * (0.5f / (1 << 24));
}

/* Whichever sign: takes the mean away from codes that reach further down than up. */
static float draw_sign(struct random *r)
{
    return draw(r) >> 63 ? 1.0f : -1.0f;
}

/* Standard deviations of codes that are all equally likely, and root mean squares of the scales
 * drawn below. */
#define DEVIATION_2_BITS 1.118f
#define DEVIATION_4_BITS 4.610f
#define DEVIATION_5_BITS 9.233f
#define DEVIATION_6_BITS 18.473f
#define DEVIATION_8_BITS 73.61f
#define DEVIATION_Q3_K   43.34f /* scale times code, both drawn from all their values */
#define SIZE_8_TO_15     11.73f
#define SIZE_32_TO_63    48.39f
#define SIZE_64_TO_127   97.27f

static void q4_0(struct random *r, float deviation, void *out)
{
    struct block_q4_0 b;
    b.d = float_to_half(deviation / DEVIATION_4_BITS * draw_sign(r));
    draw_bytes(r, b.qs, sizeof b.qs);
    memcpy(out, &b, sizeof b);
}

static void q4_1(struct random *r, float deviation, void *out)
{
    struct block_q4_1 b;
    float d = deviation / DEVIATION_4_BITS;
    b.d = float_to_half(d);
    b.m = float_to_half(-7.5f * d);
    draw_bytes(r, b.qs, sizeof b.qs);
    memcpy(out, &b, sizeof b);
}

static void q5_0(struct random *r, float deviation, void *out)
{
    struct block_q5_0 b;
    b.d = float_to_half(deviation / DEVIATION_5_BITS * draw_sign(r));
    draw_bytes(r, b.qh, sizeof b.qh);
    draw_bytes(r, b.qs, sizeof b.qs);
    memcpy(out, &b, sizeof b);
}

static void q5_1(struct random *r, float deviation, void *out)
{
    struct block_q5_1 b;
    float d = deviation / DEVIATION_5_BITS;
    b.d = float_to_half(d);
    b.m = float_to_half(-15.5f * d);
    draw_bytes(r, b.qh, sizeof b.qh);
    draw_bytes(r, b.qs, sizeof b.qs);
    memcpy(out, &b, sizeof b);
}

static void q8_0(struct random *r, float deviation, void *out)
{
    struct block_q8_0 b;
    uint8_t codes[32];
    b.d = float_to_half(deviation / DEVIATION_8_BITS);
    draw_bytes(r, codes, sizeof codes);
    for (size_t i = 0; i < 32; i++) /* -128 is no code of any quantizer */
        b.qs[i] = codes[i] == 0x80 ? 0 : (int8_t)codes[i];
    memcpy(out, &b, sizeof b);
}

static void q2_k(struct random *r, float deviation, void *out)
{
    struct block_q2_k b;
    float d = deviation / (DEVIATION_2_BITS * SIZE_8_TO_15);
    b.d = float_to_half(d);
    b.dmin = float_to_half(1.5f * d);
    draw_bytes(r, b.scales, sizeof b.scales);
    for (size_t i = 0; i < sizeof b.scales; i++) { /* scale and minimum alike, 8 to 15 */
        uint8_t scale = 8 | (b.scales[i] & 7);
        b.scales[i] = (uint8_t)(scale | scale << 4);
    }
    draw_bytes(r, b.qs, sizeof b.qs);
    memcpy(out, &b, sizeof b);
}

static void q3_k(struct random *r, float deviation, void *out)
{
    struct block_q3_k b;
    b.d = float_to_half(deviation / DEVIATION_Q3_K);
    draw_bytes(r, b.hmask, sizeof b.hmask);
    draw_bytes(r, b.qs, sizeof b.qs);
    draw_bytes(r, b.scales, sizeof b.scales);
    memcpy(out, &b, sizeof b);
}

/* Scales 32 to 63, minimums alike. */
static void draw_scales_k4(struct random *r, uint8_t packed[12])
{
    uint64_t bits = draw(r);
    memset(packed, 0, 12);
    for (size_t i = 0; i < 8; i++) {
        uint8_t scale = 32 | (bits >> (8 * i) & 31);
        scales_k4_put(packed, i, scale, scale);
    }
}

static void q4_k(struct random *r, float deviation, void *out)
{
    struct block_q4_k b;
    float d = deviation / (DEVIATION_4_BITS * SIZE_32_TO_63);
    b.d = float_to_half(d);
    b.dmin = float_to_half(7.5f * d);
    draw_scales_k4(r, b.scales);
    draw_bytes(r, b.qs, sizeof b.qs);
    memcpy(out, &b, sizeof b);
}

static void q5_k(struct random *r, float deviation, void *out)
{
    struct block_q5_k b;
    float d = deviation / (DEVIATION_5_BITS * SIZE_32_TO_63);
    b.d = float_to_half(d);
    b.dmin = float_to_half(15.5f * d);
    draw_scales_k4(r, b.scales);
    draw_bytes(r, b.qh, sizeof b.qh);
    draw_bytes(r, b.qs, sizeof b.qs);
    memcpy(out, &b, sizeof b);
}

static void q6_k(struct random *r, float deviation, void *out)
{
    struct block_q6_k b;
    uint8_t bits[16];
    b.d = float_to_half(deviation / (DEVIATION_6_BITS * SIZE_64_TO_127));
    draw_bytes(r, b.ql, sizeof b.ql);
    draw_bytes(r, b.qh, sizeof b.qh);
    draw_bytes(r, bits, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++) { /* 64 to 127 with either sign */
        int size = 64 | (bits[i] & 63);
        b.scales[i] = (int8_t)(bits[i] & 64 ? size : -size);
    }
    memcpy(out, &b, sizeof b);
}

static void floats(enum dtype type, struct random *r, float mean, float deviation, uint8_t *out)
{
    float value = mean + deviation * draw_normal(r);
    quantize_row(type, &value, out, 1);
}

void synth_blocks(enum dtype type, uint64_t seed, uint64_t first, size_t count, float mean,
                  float deviation, void *out)
{
    static void (*const functions[DTYPE_COUNT])(struct random *, float, void *) = {
        [DTYPE_Q4_0] = q4_0, [DTYPE_Q4_1] = q4_1, [DTYPE_Q5_0] = q5_0, [DTYPE_Q5_1] = q5_1,
        [DTYPE_Q8_0] = q8_0, [DTYPE_Q2_K] = q2_k, [DTYPE_Q3_K] = q3_k, [DTYPE_Q4_K] = q4_k,
        [DTYPE_Q5_K] = q5_k, [DTYPE_Q6_K] = q6_k,
    };
    uint8_t *place = out;
    for (size_t i = 0; i < count; i++, place += dtype_block_bytes(type)) {
        struct random r = random_at(seed, first + i);
        if (functions[type])
            functions[type](&r, deviation * draw_factor(&r), place);
        else
            floats(type, &r, mean, deviation, place);
    }
}
