/* qwen2.c: Qwen 2 and 2.5 (Yang et al. 2024): a llama with biases on q, k and v; the sliding window
 * of its config.json counts only when use_sliding_window is set, and from max_window_layers on. */
#include "models/blocks.h"
#include "models/decoder_tables.h"

/* clang-format off */
static const struct config_key keys[] = {
    DECODER_KEYS,
    HEAD_KEYS,
    { NULL, "sliding_window", CONFIG_INT, CONFIG(window), 0, MOST_CONTEXT, DEFAULT(0) },
    { NULL, "max_window_layers", CONFIG_INT, CONFIG(first_window_layer), 0, MOST_CONTEXT, DEFAULT(0) },
};

static const struct tensor_row tensors[] = {
    DECODER_TENSORS,
    { "blk.%d.attn_q.bias", "model.layers.%d.self_attn.q_proj.bias", LAYER(bq), DIM_ONE, DIM_HEADS, NEEDED },
    { "blk.%d.attn_k.bias", "model.layers.%d.self_attn.k_proj.bias", LAYER(bk), DIM_ONE, DIM_KV_HEADS, NEEDED },
    { "blk.%d.attn_v.bias", "model.layers.%d.self_attn.v_proj.bias", LAYER(bv), DIM_ONE, DIM_KV_HEADS, NEEDED },
};
/* clang-format on */

const struct family family_qwen2 = {
    .name = "qwen2",
    .model_type = "qwen2",
    .gguf_rope = ROPE_HALVES,
    .hf_rope = ROPE_HALVES,
    .keys = keys,
    .n_keys = COUNT_OF(keys),
    .tensors = tensors,
    .n_tensors = COUNT_OF(tensors),
    .forward = pre_norm_decoder,
};
