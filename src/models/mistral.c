/* mistral.c: Mistral 7B and its kin (Jiang et al. 2023): a llama whose attention sees a sliding
 * window in every layer. GGUF files of it usually call themselves llama; this family is for
 * config.json's "mistral". */
#include "models/blocks.h"
#include "models/decoder_tables.h"

/* clang-format off */
static const struct config_key keys[] = {
    DECODER_KEYS,
    HEAD_KEYS,
    { "attention.sliding_window", "sliding_window", CONFIG_INT, CONFIG(window), 0, MOST_CONTEXT, DEFAULT(0) },
};

static const struct tensor_row tensors[] = {
    DECODER_TENSORS,
};
/* clang-format on */

const struct family family_mistral = {
    .name = "mistral",
    .model_type = "mistral",
    .gguf_rope = ROPE_PAIRS,
    .hf_rope = ROPE_HALVES,
    .keys = keys,
    .n_keys = COUNT_OF(keys),
    .tensors = tensors,
    .n_tensors = COUNT_OF(tensors),
    .forward = pre_norm_decoder,
};
