/* qwen3.c: dense Qwen 3 (Yang et al. 2025): a llama whose queries and keys are RMS-normalized head
 * by head before they are rotated; the head's size is a key of its own. */
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
    { "blk.%d.attn_q_norm.weight", "model.layers.%d.self_attn.q_norm.weight", LAYER(q_norm), DIM_ONE, DIM_HEAD, NEEDED },
    { "blk.%d.attn_k_norm.weight", "model.layers.%d.self_attn.k_norm.weight", LAYER(k_norm), DIM_ONE, DIM_HEAD, NEEDED },
    { NULL, "model.layers.%d.self_attn.q_proj.bias", LAYER(bq), DIM_ONE, DIM_HEADS, OPTIONAL }, /* attention_bias */
    { NULL, "model.layers.%d.self_attn.k_proj.bias", LAYER(bk), DIM_ONE, DIM_KV_HEADS, OPTIONAL },
    { NULL, "model.layers.%d.self_attn.v_proj.bias", LAYER(bv), DIM_ONE, DIM_KV_HEADS, OPTIONAL },
    { NULL, "model.layers.%d.self_attn.o_proj.bias", LAYER(bo), DIM_ONE, DIM_EMBD, OPTIONAL },
};
/* clang-format on */

const struct family family_qwen3 = {
    .name = "qwen3",
    .model_type = "qwen3",
    .gguf_rope = ROPE_HALVES,
    .hf_rope = ROPE_HALVES,
    .keys = keys,
    .n_keys = COUNT_OF(keys),
    .tensors = tensors,
    .n_tensors = COUNT_OF(tensors),
    .forward = pre_norm_decoder,
};
