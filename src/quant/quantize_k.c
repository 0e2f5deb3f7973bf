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

enum { LANES = 8 };

/* The whole numbers from low to high nearest to (x + shift) * inverse, as floats: [n], n a multiple
 * of LANES. Written without branches for the vectorizer; what is no number becomes low. */
static inline void round_codes(const float *x, float shift, float inverse, float low, float high,
                               float *codes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        float scaled = (x[i] + shift) * inverse - low;
        scaled = scaled > 0 ? scaled : 0;
        scaled = scaled < high - low ? scaled : high - low;
        codes[i] = (float)(int)(scaled + 0.5f) + low;
    }
}

/* Of the values step * code - min against x. In LANES sums, so that the order is fixed and vectors
 * can follow it. */
static inline float squared_error(const float *x, const float *codes, float step, float min,
                                  size_t n)
{
    float lanes[LANES] = { 0 }, error = 0;
    for (size_t i = 0; i < n; i += LANES)
        for (size_t j = 0; j < LANES; j++) {
            float miss = step * codes[i + j] - min - x[i + j];
            lanes[j] += miss * miss;
        }
    for (size_t j = 0; j < LANES; j++)
        error += lanes[j];
    return error;
}

static inline float dot(const float *a, const float *b, size_t n)
{
    float lanes[LANES] = { 0 }, sum = 0;
    for (size_t i = 0; i < n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            lanes[j] += a[i + j] * b[i + j];
    for (size_t j = 0; j < LANES; j++)
        sum += lanes[j];
    return sum;
}

struct affine {
    float step, min; /* value = step * code - min, both >= 0 */
};

/* The affine map that fits [32] elements best for the given codes, with a minimum that is not
 * negative. */
static struct affine fit_affine(const float *x, float sum_x, const float *codes)
{
    static const float ones[BLOCK] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
    float sum_q = dot(codes, ones, BLOCK), sum_qq = dot(codes, codes, BLOCK);
    float sum_qx = dot(codes, x, BLOCK);
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
static float encode_affine(const float *x, struct affine map, float *codes)
{
    float inverse = map.step > 0 ? 1.0f / map.step : 0;
    round_codes(x, map.min, inverse, 0, 15, codes, BLOCK);
    return squared_error(x, codes, map.step, map.min, BLOCK);
}

/* The best map found for [32] elements. Trials stretch the range by up to a step and a half either
 * way: giving up the outermost elements often serves the others. Trials every 0.1 instead of 0.3
 * lower the squared error by 0.5 %. */
static struct affine search_affine(const float *x)
{
    float low = 0, high = x[0], sum = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        sum += x[i];
        low = fminf(low, x[i]);
        high = fmaxf(high, x[i]);
    }
    struct affine best = { 0, -low };
    if (high <= low)
        return best;
    float best_error = INFINITY;
    for (int trial = -3; trial <= 5; trial++) {
        float codes[BLOCK];
        struct affine map = { (high - low) / (15.0f + 0.3f * (float)trial), -low };
        round_codes(x, map.min, 1.0f / map.step, 0, 15, codes, BLOCK);
        map = fit_affine(x, sum, codes);
        float error = encode_affine(x, map, codes);
        if (error < best_error) {
            best_error = error;
            best = map;
        }
    }
    return best;
}

struct run_q4_k {
    uint8_t scale, min;
    float codes[BLOCK];
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
        float a = (float)run->scale * run->codes[i % BLOCK], b = (float)-run->min;
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
    refit_factors(x, &block);
    choose_runs(x, maps, &block);
    if (block.error < best.error)
        best = block;
    *out = (struct block_q4_k){ .d = float_to_half(best.d), .dmin = float_to_half(best.dmin) };
    for (size_t i = 0; i < SUPERBLOCK; i++) {
        const struct run_q4_k *run = &best.runs[i / BLOCK];
        if (i % BLOCK == 0)
            scales_k4_put(out->scales, i / BLOCK, run->scale, run->min);
        out->qs[i / 64 * BLOCK + i % BLOCK] |=
            (uint8_t)((unsigned)run->codes[i % BLOCK] << (i / BLOCK % 2 * 4));
    }
}

enum { RUN_Q6_K = 16 };

/* Nearest codes (-32 to 31) for [16] elements, and the squared error they leave. */
static float encode_q6(const float *x, float step, float *codes)
{
    round_codes(x, 0, step != 0 ? 1.0f / step : 0, -32, 31, codes, RUN_Q6_K);
    return squared_error(x, codes, step, 0, RUN_Q6_K);
}

/* The best step found for [16] elements; its sign puts the extreme element at the code -32. */
static float search_step(const float *x)
{
    float extreme = 0;
    for (size_t i = 0; i < RUN_Q6_K; i++)
        if (fabsf(x[i]) > fabsf(extreme))
            extreme = x[i];
    float best = 0, best_error = INFINITY;
    for (int trial = -10; extreme != 0 && trial <= 10; trial++) {
        float codes[RUN_Q6_K], first = extreme / -(32.0f + 0.1f * (float)trial);
        round_codes(x, 0, 1.0f / first, -32, 31, codes, RUN_Q6_K);
        float sum_qq = dot(codes, codes, RUN_Q6_K), sum_qx = dot(codes, x, RUN_Q6_K);
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
static int8_t choose_scale(const float *x, float wish, float d, float *codes)
{
    int nearest = d != 0 ? round_within(wish / d, -128, 127) : 0, best = nearest;
    float best_error = INFINITY;
    for (int scale = nearest - 2; scale <= nearest + 2; scale++) {
        float trial[RUN_Q6_K];
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
    float codes[SUPERBLOCK] = { 0 };
    for (size_t run = 0; run < 16; run++)
        out->scales[run] = choose_scale(x + run * RUN_Q6_K, steps[run], d, codes + run * RUN_Q6_K);
    for (size_t i = 0; i < SUPERBLOCK; i++) {
        unsigned code = (unsigned)(codes[i] + 32.0f), half = (unsigned)i / 128, run = i / 32 % 4;
        out->ql[half * 64 + i % 64] |= (uint8_t)((code & 15) << (run / 2 * 4));
        out->qh[half * 32 + i % 32] |= (uint8_t)(code >> 4 << (run * 2));
    }
}
