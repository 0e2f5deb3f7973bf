#include "test.h"

#include "base/json.h"
#include "base/mapped_file.h"
#include "base/memory.h"
#include "quant/block.h"
#include "quant/quantize.h"
#include "quant/scales_k.h"

#include <math.h>

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

struct golden_case {
    enum dtype type;
    size_t n;
    struct mapped_file *input, *expected;
    double reference_rmse;
};

static struct mapped_file *map_golden(const struct json *file)
{
    struct error err = { 0 };
    char relative[300];
    snprintf(relative, sizeof relative, "quants/%s", json_text(json_get(file, "file")).data);
    struct mapped_file *mapped;
    assert_ok(mapped_file_open(&mapped, golden_path(relative), &err), err);
    assert_int_equal(mapped->size, json_int(json_get(file, "bytes"), -1));
    return mapped;
}

static void check_dequantize(const struct golden_case *c)
{
    const float *want = (const float *)(const void *)c->expected->data;
    float *got = memory_aligned(c->n * sizeof *got);
    assert_non_null(got);
    dequantize_row(c->type, c->input->data, got, c->n);
    for (size_t i = 0; i < c->n; i++)
        if (bits_of(got[i]) != bits_of(want[i]) && !(isnan(got[i]) && isnan(want[i])))
            fail_msg("%s: element %zu is %a, not %a", dtype_name(c->type), i, (double)got[i],
                     (double)want[i]);
    memory_free(got);
}

static double relative_rmse(const float *x, const float *y, size_t n)
{
    double miss = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        miss += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
        size += (double)x[i] * x[i];
    }
    return sqrt(miss / size);
}

static void check_quantize(const struct golden_case *c)
{
    const float *x = (const float *)(const void *)c->input->data;
    size_t size = dtype_row_bytes(c->type, c->n);
    uint8_t *got = memory_aligned(size);
    float *back = memory_aligned(c->n * sizeof *back);
    assert_non_null(got);
    assert_non_null(back);
    quantize_row(c->type, x, got, c->n);
    dequantize_row(c->type, got, back, c->n);
    double rmse = relative_rmse(x, back, c->n);
    bool searched = c->type == DTYPE_Q4_K || c->type == DTYPE_Q6_K;
    if (searched) {
        /* The manifest's figure weighs blocks in its own way; the reference's blocks are measured
         * in ours. */
        dequantize_row(c->type, c->expected->data, back, c->n);
        double reference = relative_rmse(x, back, c->n);
        printf("%s: relative error %.6f; reference %.6f measured, %.6f stated\n",
               dtype_name(c->type), rmse, reference, c->reference_rmse);
        if (!(rmse <= c->reference_rmse * 1.02) || !(rmse <= reference))
            fail_msg("%s: relative error %g, reference %g", dtype_name(c->type), rmse, reference);
    } else {
        for (size_t i = 0; i < size; i++)
            if (got[i] != c->expected->data[i])
                fail_msg("%s: byte %zu (block %zu) is %d, not %d", dtype_name(c->type), i,
                         i / dtype_block_bytes(c->type), got[i], c->expected->data[i]);
    }
    memory_free(got);
    memory_free(back);
}

/* Run `check` over the manifest's cases of the operation whose types hearth has; returns how many.
 */
static size_t each_golden_case(const char *operation, void (*check)(const struct golden_case *))
{
    struct error err = { 0 };
    struct mapped_file *file;
    const struct json *manifest;
    assert_ok(mapped_file_open(&file, golden_path("quants/manifest.json"), &err), err);
    assert_ok(json_open(&manifest, (const char *)file->data, file->size, file->path, &err), err);
    const struct json *cases = json_get(manifest, "cases");
    size_t n_checked = 0;
    for (size_t i = 0; i < json_size(cases); i++) {
        const struct json *one = json_at(cases, i);
        struct golden_case c = { 0 };
        if (strcmp(json_text(json_get(one, "family")).data, "gguf") != 0 ||
            strcmp(json_text(json_get(one, "op")).data, operation) != 0 ||
            !dtype_from_name(json_text(json_get(one, "type")).data, &c.type) ||
            (strcmp(operation, "quantize") == 0 && !quantize_supported(c.type)))
            continue;
        assert_int_equal(dtype_ggml_number(c.type), json_int(json_get(one, "ggml_type"), -1));
        c.n = (size_t)json_int(json_get(one, "blocks"), 0) * dtype_block_elements(c.type);
        c.reference_rmse = json_number(json_get(one, "reference_relative_rmse"), 0);
        c.input = map_golden(json_get(one, "input"));
        c.expected = map_golden(json_get(one, "expected"));
        check(&c);
        mapped_file_close(&c.input);
        mapped_file_close(&c.expected);
        n_checked++;
    }
    json_close(&manifest);
    mapped_file_close(&file);
    return n_checked;
}

TEST(dequantizing_gives_the_bits_of_the_reference)
{
    assert_int_equal(each_golden_case("dequantize", check_dequantize), 12); /* all but F32 */
}

TEST(quantizing_gives_the_bytes_or_the_error_of_the_reference)
{
    assert_int_equal(each_golden_case("quantize", check_quantize), 6);
}

TEST(every_half_survives_the_way_through_float)
{
    for (uint32_t half = 0; half < 65536; half++) {
        float value = half_to_float((uint16_t)half);
        if (isnan(value))
            assert_true(isnan(half_to_float(float_to_half(value))));
        else
            assert_int_equal(float_to_half(value), half);
    }
}

TEST(halves_round_to_nearest_even)
{
    static const struct {
        float value;
        uint16_t half;
    } rows[] = {
        { 0.0f, 0 },
        { -0.0f, 0x8000 },
        { 1.0f, 0x3c00 },
        { 65504.0f, 0x7bff },
        { 65519.9f, 0x7bff },
        { 65520.0f, 0x7c00 },
        { -1e30f, 0xfc00 },
        { INFINITY, 0x7c00 },
        { 0x1p-24f, 1 },
        { 0x1p-25f, 0 },
        { 0x1.8p-25f, 1 },
        { 0x1.000002p-25f, 1 },
        { 0x1.8p-24f, 2 },
        { 0x1p-26f, 0 },
        { 0x1.002p0f, 0x3c00 },
        { 0x1.006p0f, 0x3c02 },
        { 0x1.002002p0f, 0x3c01 },
        { 0x1.ff8p-15f, 0x3ff },
        { 0x1.ffcp-15f, 0x400 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(float_to_half(rows[i].value), rows[i].half);
}

TEST(bfloats_round_to_nearest_even_and_keep_nan)
{
    assert_int_equal(float_to_bfloat(1.0f), 0x3f80);
    assert_int_equal(float_to_bfloat(0x1.01p0f), 0x3f80);
    assert_int_equal(float_to_bfloat(0x1.03p0f), 0x3f82);
    assert_int_equal(float_to_bfloat(0x1.fffffep127f), 0x7f80);
    assert_true(isnan(bfloat_to_float(float_to_bfloat(NAN))));
    assert_true(bfloat_to_float(0xc000) == -2.0f);
}

TEST(types_are_found_by_name_and_number)
{
    enum dtype type;
    for (int i = 0; i < DTYPE_COUNT; i++) {
        assert_true(dtype_from_name(dtype_name((enum dtype)i), &type));
        assert_int_equal(type, i);
        assert_true(dtype_from_ggml(dtype_ggml_number((enum dtype)i), &type));
        assert_int_equal(type, i);
    }
    assert_true(dtype_from_name("q4_k", &type));
    assert_int_equal(type, DTYPE_Q4_K);
    assert_false(dtype_from_name("Q4", &type));
    assert_false(dtype_from_ggml(23, &type));
    assert_false(dtype_from_ggml(UINT32_MAX, &type));
    assert_int_equal(dtype_row_bytes(DTYPE_Q4_K, 4096), 2304);
    assert_int_equal(dtype_row_bytes(DTYPE_F16, 3), 6);
    assert_true(dtype_is_quantized(DTYPE_Q8_0));
    assert_false(dtype_is_quantized(DTYPE_BF16));
}

TEST(packed_scales_come_back)
{
    uint8_t packed[12] = { 0 };
    for (size_t i = 0; i < 8; i++)
        scales_k4_put(packed, i, (uint8_t)(63 - 7 * i), (uint8_t)(i * 9));
    for (size_t i = 0; i < 8; i++) {
        uint8_t scale, min;
        scales_k4_get(packed, i, &scale, &min);
        assert_int_equal(scale, 63 - 7 * i);
        assert_int_equal(min, i * 9);
    }
}

TEST(quantizing_survives_elements_that_are_not_numbers)
{
    static const float nasty[] = {
        NAN, INFINITY, -INFINITY, 3.4e38f, -3.4e38f, 1e-45f, 0.0f, -0.0f
    };
    float x[SUPERBLOCK], back[SUPERBLOCK];
    uint8_t stored[SUPERBLOCK * 4];
    for (int type = 0; type < DTYPE_COUNT; type++)
        for (size_t kind = 0; quantize_supported((enum dtype)type) && kind <= COUNT_OF(nasty);
             kind++) {
            for (size_t i = 0; i < SUPERBLOCK; i++)
                x[i] = kind == COUNT_OF(nasty) ? nasty[i % kind] : nasty[kind];
            quantize_row((enum dtype)type, x, stored, SUPERBLOCK);
            dequantize_row((enum dtype)type, stored, back, SUPERBLOCK);
        }
}

TEST(zeros_stay_zeros_in_every_type)
{
    float x[SUPERBLOCK] = { 0 }, back[SUPERBLOCK];
    uint8_t stored[SUPERBLOCK * 4];
    for (int type = 0; type < DTYPE_COUNT; type++) {
        if (!quantize_supported((enum dtype)type))
            continue;
        quantize_row((enum dtype)type, x, stored, SUPERBLOCK);
        dequantize_row((enum dtype)type, stored, back, SUPERBLOCK);
        for (size_t i = 0; i < SUPERBLOCK; i++)
            assert_true(back[i] == 0);
    }
}

TEST(a_block_may_lie_at_any_address)
{
    float x[SUPERBLOCK], aligned[SUPERBLOCK], shifted[SUPERBLOCK];
    uint8_t stored[SUPERBLOCK * 4 + 1];
    for (size_t i = 0; i < SUPERBLOCK; i++)
        x[i] = sinf((float)i);
    for (int type = 0; type < DTYPE_COUNT; type++) {
        if (!quantize_supported((enum dtype)type))
            continue;
        quantize_row((enum dtype)type, x, stored, SUPERBLOCK);
        dequantize_row((enum dtype)type, stored, aligned, SUPERBLOCK);
        quantize_row((enum dtype)type, x, stored + 1, SUPERBLOCK);
        dequantize_row((enum dtype)type, stored + 1, shifted, SUPERBLOCK);
        assert_memory_equal(aligned, shifted, sizeof aligned);
    }
}
