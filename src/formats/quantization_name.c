#include "formats/quantization_name.h"

/* general.file_type; the gaps were never used or belong to types that are no more. */
static const char *const file_types[] = {
    [0] = "F32",      [1] = "F16",      [2] = "Q4_0",    [3] = "Q4_1",    [7] = "Q8_0",
    [8] = "Q5_0",     [9] = "Q5_1",     [10] = "Q2_K",   [11] = "Q3_K_S", [12] = "Q3_K_M",
    [13] = "Q3_K_L",  [14] = "Q4_K_S",  [15] = "Q4_K_M", [16] = "Q5_K_S", [17] = "Q5_K_M",
    [18] = "Q6_K",    [19] = "IQ2_XXS", [20] = "IQ2_XS", [21] = "Q2_K_S", [22] = "IQ3_XS",
    [23] = "IQ3_XXS", [24] = "IQ1_S",   [25] = "IQ4_NL", [26] = "IQ3_S",  [27] = "IQ3_M",
    [28] = "IQ2_S",   [29] = "IQ2_M",   [30] = "IQ4_XS", [31] = "IQ1_M",  [32] = "BF16",
    [36] = "TQ1_0",   [37] = "TQ2_0",   [38] = "MXFP4",
};

static const char *most_frequent_type(const struct weights *weights)
{
    uint64_t bytes[DTYPE_COUNT] = { 0 };
    size_t best = 0;
    for (size_t i = 0; i < weights_count(weights); i++) {
        const struct weight *w = weights_at(weights, i);
        if (w->n_rows > 1)
            bytes[w->type] += w->size_bytes;
    }
    for (size_t type = 1; type < DTYPE_COUNT; type++)
        if (bytes[type] > bytes[best])
            best = type;
    return bytes[best] ? dtype_name((enum dtype)best) : "";
}

const char *quantization_name(const struct weights *weights)
{
    struct error err = { 0 };
    int64_t type = -1;
    bool is_told =
        weights_is_gguf(weights) && weights_int(weights, "general.file_type", &type, &err);
    if (is_told && type >= 0 && type < (int64_t)COUNT_OF(file_types) && file_types[type])
        return file_types[type];
    return most_frequent_type(weights);
}
