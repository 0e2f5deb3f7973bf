#include "matmul_weights.h"

#include "quant/quantize.h"

/* The half floats of a block, -1 for none, and its codes where a minimum is beside them. */
static const struct places {
    int halves[2];
    size_t codes, code_bytes;
} places[DTYPE_COUNT] = {
    [DTYPE_Q4_0] = { { 0, -1 }, 0, 0 },   [DTYPE_Q4_1] = { { 0, 2 }, 4, 16 },
    [DTYPE_Q5_0] = { { 0, -1 }, 0, 0 },   [DTYPE_Q5_1] = { { 0, 2 }, 4, 20 },
    [DTYPE_Q8_0] = { { 0, -1 }, 0, 0 },   [DTYPE_Q2_K] = { { 80, 82 }, 16, 64 },
    [DTYPE_Q3_K] = { { 108, -1 }, 0, 0 }, [DTYPE_Q4_K] = { { 0, 2 }, 16, 128 },
    [DTYPE_Q5_K] = { { 0, 2 }, 16, 160 }, [DTYPE_Q6_K] = { { 208, -1 }, 0, 0 },
};

bool has_minimums(enum dtype type)
{
    return places[type].code_bytes > 0;
}

void clear_codes(enum dtype type, uint8_t *blocks, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += dtype_block_bytes(type))
        memset(blocks + at + places[type].codes, 0, places[type].code_bytes);
}

static float scale_for(struct check *c, enum hurt hurt)
{
    static const float extremes[] = { 65504, -65504, 6e-8f, -6e-8f, 0, -0.0f, 1, -1 };
    return hurt == HURT_SCALES ? extremes[check_below(c, COUNT_OF(extremes))]
                               : check_uniform(c, -1, 1);
}

static void fill_blocks(struct check *c, enum dtype type, enum hurt hurt, uint8_t *blocks,
                        size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        blocks[i] = hurt == HURT_ZEROS ? 0 : hurt == HURT_ONES ? 0xff : (uint8_t)check_random(c);
    for (size_t at = 0; at < bytes; at += dtype_block_bytes(type))
        for (size_t i = 0; i < 2; i++)
            if (places[type].halves[i] >= 0) {
                uint16_t half = float_to_half(scale_for(c, hurt));
                memcpy(blocks + at + places[type].halves[i], &half, sizeof half);
            }
}

void fill_weights(struct check *c, enum dtype type, enum hurt hurt, void *weight, size_t bytes)
{
    if (dtype_is_quantized(type)) {
        fill_blocks(c, type, hurt, weight, bytes);
        return;
    }
    size_t size = dtype_block_bytes(type);
    for (size_t i = 0; i < bytes / size; i++) {
        float value = hurt == HURT_ZEROS ? 0 : hurt == HURT_ONES ? 1 : scale_for(c, hurt);
        quantize_row(type, &value, (uint8_t *)weight + i * size, 1);
    }
}
