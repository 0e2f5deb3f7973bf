/* The search behind Q4_K and Q6_K: per run of elements a step (and a minimum) by least squares over
 * several trial roundings, then, once the block's own half-precision factors are fixed, the integer
 * scales beside the nearest ones. */
#include "quant/quantize_k.h"

#include "quant/quantize.h"
#include "quant/scales_k.h"

#include <math.h>

/* 63 times the largest half: what the minimum of a run can express at most. */
#define LARGEST_ELEMENT 4126752.0f

/* x with every element usable in the arithmetic below. */
static void copy_usable(const float *x, float out[SUPERBLOCK])
{
    for (size_t i = 0; i < SUPERBLOCK; i++)
        out[i] = isfinite(x[i]) ? fminf(fmaxf(x[i], -LARGEST_ELEMENT), LARGEST_ELEMENT) : 0;
}

struct affine {
    float step, min; /* value = step * code - min, both >= 0 */
};

/* The affine map that fits [32] elements best for the given codes, with a minimum that is not
 * negative. */
static struct affine fit_affine(const float *x, const uint8_t *codes)
{
    float sum_q = 0, sum_qq = 0, sum_x = 0, sum_qx = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        float q = codes[i];
        sum_q += q;
        sum_qq += q * q;
        sum_x += x[i];
        sum_qx += q * x[i];
    }
    float determinant = BLOCK * sum_qq - sum_q * sum_q;
    if (determinant > 0) {
        struct affine fit = { (BLOCK * sum_qx - sum_q * sum_x) / determinant,
                              (sum_q * sum_qx - sum_qq * sum_x) / determinant };
        if (fit.min >= 0)
            return fit;
    }
    return (struct affine){ sum_qq > 0 ? fmaxf(sum_qx / sum_qq, 0) : 0, 0 };
}

/* Nearest codes under the map, and the squared error they leave. */
static float encode_affine(const float *x, struct affine map, uint8_t *codes)
{
    float inverse = map.step > 0 ? 1.0f / map.step : 0, error = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        codes[i] = (uint8_t)round_within((x[i] + map.min) * inverse, 0, 15);
        float miss = map.step * (float)codes[i] - map.min - x[i];
        error += miss * miss;
    }
    return error;
}

/* The best map found for [32] elements. Trials stretch the range by up to a step and a half either
 * way: giving up the outermost elements often serves the others. */
static struct affine search_affine(const float *x)
{
    float low = 0, high = x[0];
    for (size_t i = 0; i < BLOCK; i++) {
        low = fminf(low, x[i]);
        high = fmaxf(high, x[i]);
    }
    struct affine best = { 0, -low };
    if (high <= low)
        return best;
    float best_error = INFINITY;
    for (int trial = -10; trial <= 15; trial++) {
        uint8_t codes[BLOCK];
        struct affine map = { (high - low) / (15.0f + 0.1f * (float)trial), -low };
        encode_affine(x, map, codes);
        map = fit_affine(x, codes);
        float error = encode_affine(x, map, codes);
        if (error < best_error) {
            best_error = error;
            best = map;
        }
    }
    return best;
}

struct run_q4_k {
    uint8_t scale, min, codes[BLOCK];
};

struct choice_q4_k {
    float d, dmin, error; /* as the halves that will be stored say */
    struct run_q4_k runs[8];
};

/* Integer scale and minimum for one run, the best of the nine around the rounded ones; returns the
 * squared error. */
static float choose_run(const float *x, struct affine wish, const struct choice_q4_k *block,
                        struct run_q4_k *best)
{
    int scale = block->d > 0 ? round_within(wish.step / block->d, 0, 63) : 0;
    int min = block->dmin > 0 ? round_within(wish.min / block->dmin, 0, 63) : 0;
    float best_error = INFINITY;
    for (int s = scale > 0 ? scale - 1 : 0; s <= scale + 1 && s <= 63; s++)
        for (int m = min > 0 ? min - 1 : 0; m <= min + 1 && m <= 63; m++) {
            struct run_q4_k run = { .scale = (uint8_t)s, .min = (uint8_t)m };
            struct affine map = { block->d * (float)s, block->dmin * (float)m };
            float error = encode_affine(x, map, run.codes);
            if (error < best_error) {
                best_error = error;
                *best = run;
            }
        }
    return best_error;
}

static void choose_runs(const float *x, const struct affine maps[8], struct choice_q4_k *block)
{
    block->d = half_to_float(float_to_half(block->d));
    block->dmin = half_to_float(float_to_half(block->dmin));
    block->error = 0;
    for (size_t run = 0; run < 8; run++)
        block->error += choose_run(x + run * BLOCK, maps[run], block, &block->runs[run]);
}

/* The factors of the block that fit best once all codes, scales and minimums are chosen; the old
 * ones where the block is too simple to tell. */
static void refit_factors(const float *x, struct choice_q4_k *block)
{
    float aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;
    for (size_t i = 0; i < SUPERBLOCK; i++) {
        const struct run_q4_k *run = &block->runs[i / BLOCK];
        float a = (float)(run->scale * run->codes[i % BLOCK]), b = (float)-run->min;
        aa += a * a;
        ab += a * b;
        bb += b * b;
        ax += a * x[i];
        bx += b * x[i];
    }
    float determinant = aa * bb - ab * ab;
    if (!(determinant > 0))
        return;
    float d = (ax * bb - bx * ab) / determinant, dmin = (bx * aa - ax * ab) / determinant;
    if (d > 0 && dmin >= 0 && d < 65504 && dmin < 65504) {
        block->d = d;
        block->dmin = dmin;
    }
}

void quantize_q4_k(const float *stored, struct block_q4_k *out)
{
    float x[SUPERBLOCK];
    copy_usable(stored, x);
    struct affine maps[8];
    struct choice_q4_k block = { 0 };
    for (size_t run = 0; run < 8; run++) {
        maps[run] = search_affine(x + run * BLOCK);
        block.d = fmaxf(block.d, maps[run].step / 63.0f);
        block.dmin = fmaxf(block.dmin, maps[run].min / 63.0f);
    }
    choose_runs(x, maps, &block);
    struct choice_q4_k best = block;
    for (int round = 0; round < 2; round++) {
        refit_factors(x, &block);
        choose_runs(x, maps, &block);
        if (block.error < best.error)
            best = block;
    }
    *out = (struct block_q4_k){ .d = float_to_half(best.d), .dmin = float_to_half(best.dmin) };
    for (size_t i = 0; i < SUPERBLOCK; i++) {
        const struct run_q4_k *run = &best.runs[i / BLOCK];
        if (i % BLOCK == 0)
            scales_k4_put(out->scales, i / BLOCK, run->scale, run->min);
        out->qs[i / 64 * BLOCK + i % BLOCK] |=
            (uint8_t)(run->codes[i % BLOCK] << (i / BLOCK % 2 * 4));
    }
}

enum { RUN_Q6_K = 16 };

/* Nearest codes (-32 to 31) for [16] elements, and the squared error they leave. */
static float encode_q6(const float *x, float step, int8_t *codes)
{
    float inverse = step != 0 ? 1.0f / step : 0, error = 0;
    for (size_t i = 0; i < RUN_Q6_K; i++) {
        codes[i] = (int8_t)round_within(x[i] * inverse, -32, 31);
        float miss = step * (float)codes[i] - x[i];
        error += miss * miss;
    }
    return error;
}

/* The best step found for [16] elements; its sign puts the extreme element at the code -32. */
static float search_step(const float *x)
{
    float extreme = 0;
    for (size_t i = 0; i < RUN_Q6_K; i++)
        if (fabsf(x[i]) > fabsf(extreme))
            extreme = x[i];
    float best = 0, best_error = INFINITY;
    for (int trial = -10; trial <= 10; trial++) {
        int8_t codes[RUN_Q6_K];
        encode_q6(x, extreme / -(32.0f + 0.1f * (float)trial), codes);
        float sum_qq = 0, sum_qx = 0;
        for (size_t i = 0; i < RUN_Q6_K; i++) {
            sum_qq += (float)codes[i] * (float)codes[i];
            sum_qx += (float)codes[i] * x[i];
        }
        float step = sum_qq > 0 ? sum_qx / sum_qq : 0;
        float error = encode_q6(x, step, codes);
        if (error < best_error) {
            best_error = error;
            best = step;
        }
    }
    return best;
}

/* The integer scale for one run and its codes. */
static int8_t choose_scale(const float *x, float wish, float d, int8_t *codes)
{
    int nearest = d != 0 ? round_within(wish / d, -128, 127) : 0, best = nearest;
    float best_error = INFINITY;
    for (int scale = nearest - 2; scale <= nearest + 2; scale++) {
        int8_t trial[RUN_Q6_K];
        if (scale < -128 || scale > 127)
            continue;
        float error = encode_q6(x, d * (float)scale, trial);
        if (error < best_error) {
            best_error = error;
            best = scale;
            memcpy(codes, trial, sizeof trial);
        }
    }
    return (int8_t)best;
}

void quantize_q6_k(const float *stored, struct block_q6_k *out)
{
    float x[SUPERBLOCK], steps[16], largest = 0;
    copy_usable(stored, x);
    for (size_t run = 0; run < 16; run++) {
        steps[run] = search_step(x + run * RUN_Q6_K);
        if (fabsf(steps[run]) > fabsf(largest))
            largest = steps[run];
    }
    *out = (struct block_q6_k){ .d = float_to_half(largest / -128.0f) };
    float d = half_to_float(out->d);
    int8_t codes[SUPERBLOCK] = { 0 };
    for (size_t run = 0; run < 16; run++)
        out->scales[run] = choose_scale(x + run * RUN_Q6_K, steps[run], d, codes + run * RUN_Q6_K);
    for (size_t i = 0; i < SUPERBLOCK; i++) {
        unsigned code = (unsigned)(codes[i] + 32), half = (unsigned)i / 128, run = i / 32 % 4;
        out->ql[half * 64 + i % 64] |= (uint8_t)((code & 15) << (run / 2 * 4));
        out->qh[half * 32 + i % 32] |= (uint8_t)(code >> 4 << (run * 2));
    }
}
