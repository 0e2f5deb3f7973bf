#include "models/rope_frequencies.h"

#include "quant/quantize.h"

#include <math.h>

static const double TWO_PI = 6.283185307179586476925;

/* A positive finite number that must be there for the kind of scaling the file names. */
static bool read_positive(const struct weights *w, const char *gguf, const char *hf, double *out,
                          struct error *err)
{
    const char *key = weights_is_gguf(w) ? gguf : hf;
    struct error problem = { 0 };
    if (!weights_double(w, key, out, &problem)) {
        if (problem.code != ERROR_NONE)
            return fail(err, problem.code, "%s", problem.message);
        return fail(err, ERROR_FORMAT, "'%s' scales its positions but has no '%s'", weights_path(w),
                    key);
    }
    if (!(*out > 0) || !isfinite(*out))
        return fail(err, ERROR_FORMAT, "'%s': '%s' is %g, it must be positive", weights_path(w),
                    key, *out);
    return true;
}

static bool read_llama3(struct model_config *config, const struct weights *w, struct error *err)
{
#define PARAMETER(name) "rope_scaling." name "|rope_parameters." name
    bool ok =
        read_positive(w, "", PARAMETER("low_freq_factor"), &config->scaling.low_freq_factor, err) &&
        read_positive(w, "", PARAMETER("high_freq_factor"), &config->scaling.high_freq_factor,
                      err) &&
        read_positive(w, "", PARAMETER("original_max_position_embeddings"),
                      &config->scaling.original_ctx, err);
    if (ok && config->scaling.high_freq_factor <= config->scaling.low_freq_factor)
        return fail(
            err, ERROR_FORMAT, "'%s': rope high_freq_factor %g is not above low_freq_factor %g",
            weights_path(w), config->scaling.high_freq_factor, config->scaling.low_freq_factor);
    return ok;
}

bool rope_scaling_read(struct model_config *config, const struct weights *w, struct error *err)
{
    static const char *const factor_keys[] = { PARAMETER("factor"), "rope.scaling.factor" };
#undef PARAMETER
    const char *key = weights_is_gguf(w) ? "rope.scaling.type"
                                         : "rope_scaling.rope_type|rope_scaling.type|"
                                           "rope_parameters.rope_type|rope_parameters.type";
    struct slice kind;
    struct error problem = { 0 };
    config->scaling.kind = ROPE_SCALING_NONE;
    if (!weights_string(w, key, &kind, &problem)) {
        if (problem.code != ERROR_NONE)
            return fail(err, problem.code, "%s", problem.message);
        return true;
    }
    if (slice_equal(kind, slice_of("none")) || slice_equal(kind, slice_of("default")))
        return true;
    if (slice_equal(kind, slice_of("linear")))
        config->scaling.kind = ROPE_SCALING_LINEAR;
    else if (slice_equal(kind, slice_of("llama3")) && !weights_is_gguf(w))
        config->scaling.kind = ROPE_SCALING_LLAMA3;
    else
        return fail(err, ERROR_UNSUPPORTED,
                    "'%s' uses rope scaling '%s'; known are none, linear and llama3",
                    weights_path(w), printable(kind));
    if (!read_positive(w, factor_keys[1], factor_keys[0], &config->scaling.factor, err))
        return false;
    return config->scaling.kind != ROPE_SCALING_LLAMA3 || read_llama3(config, w, err);
}

/* Wavelengths beyond the original context divided by the low factor slow down fully, those shorter
 * than it divided by the high factor stay, and those between are blended linearly in original_ctx /
 * wavelength. */
static double llama3_scaled(const struct model_config *c, double frequency)
{
    double turns = c->scaling.original_ctx * frequency / TWO_PI;
    if (turns < c->scaling.low_freq_factor)
        return frequency / c->scaling.factor;
    if (turns > c->scaling.high_freq_factor)
        return frequency;
    double keep = (turns - c->scaling.low_freq_factor) /
                  (c->scaling.high_freq_factor - c->scaling.low_freq_factor);
    return (1 - keep) * frequency / c->scaling.factor + keep * frequency;
}

bool rope_frequencies_make(const float **out, const struct model_config *config,
                           const struct weight *factors, struct arena *arena, struct error *err)
{
    size_t n = (size_t)config->rotary_dim / 2;
    float *frequencies = arena_alloc_array(arena, n, sizeof *frequencies);
    float *divisors = arena_alloc_array(arena, n, sizeof *divisors);
    if (!frequencies || !divisors)
        return fail_memory(err, n * sizeof *frequencies, "rotary frequencies");
    if (factors)
        dequantize_row(factors->type, factors->data, divisors, n);
    for (size_t i = 0; i < n; i++) {
        double frequency = pow(config->rope_base, -2.0 * (double)i / (double)config->rotary_dim);
        if (config->scaling.kind == ROPE_SCALING_LINEAR)
            frequency /= config->scaling.factor;
        else if (config->scaling.kind == ROPE_SCALING_LLAMA3)
            frequency = llama3_scaled(config, frequency);
        if (factors && !(divisors[i] > 0 && isfinite(divisors[i])))
            return fail(err, ERROR_FORMAT,
                        "element %zu of 'rope_freqs.weight' is %g, it must be positive", i,
                        (double)divisors[i]);
        frequencies[i] = (float)(factors ? frequency / (double)divisors[i] : frequency);
    }
    *out = frequencies;
    return true;
}
