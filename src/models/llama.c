/* llama.c: Llama 1 to 3.x, Code Llama, TinyLlama, SmolLM and everything published in their shape
 * (Touvron et al. 2023): RMS norms before each block, rotary positions, grouped queries, SiLU-gated
 * MLP; biases where the file has them. */
#include "models/blocks.h"
#include "models/decoder_tables.h"

/* clang-format off */
static const struct config_key keys[] = {
    DECODER_KEYS,
    HEAD_KEYS,
    { "attention.sliding_window", NULL, CONFIG_INT, CONFIG(window), 0, MOST_CONTEXT, DEFAULT(0) }, /* Mistral as llama */
};

static const struct tensor_row tensors[] = {
    DECODER_TENSORS,
    { "rope_freqs.weight", NULL, MODEL(rope_factors), DIM_ONE, DIM_HALF_ROTARY, OPTIONAL }, /* Llama 3.1 and later */
    { "blk.%d.attn_q.bias", "model.layers.%d.self_attn.q_proj.bias", LAYER(bq), DIM_ONE, DIM_HEADS, OPTIONAL },
    { "blk.%d.attn_k.bias", "model.layers.%d.self_attn.k_proj.bias", LAYER(bk), DIM_ONE, DIM_KV_HEADS, OPTIONAL },
    { "blk.%d.attn_v.bias", "model.layers.%d.self_attn.v_proj.bias", LAYER(bv), DIM_ONE, DIM_KV_HEADS, OPTIONAL },
    { "blk.%d.attn_output.bias", "model.layers.%d.self_attn.o_proj.bias", LAYER(bo), DIM_ONE, DIM_EMBD, OPTIONAL },
    { "blk.%d.ffn_gate.bias", "model.layers.%d.mlp.gate_proj.bias", LAYER(gate_bias), DIM_ONE, DIM_FF, OPTIONAL },
    { "blk.%d.ffn_up.bias", "model.layers.%d.mlp.up_proj.bias", LAYER(up_bias), DIM_ONE, DIM_FF, OPTIONAL },
    { "blk.%d.ffn_down.bias", "model.layers.%d.mlp.down_proj.bias", LAYER(down_bias), DIM_ONE, DIM_EMBD, OPTIONAL },
};
/* clang-format on */

const struct family family_llama = {
    .name = "llama",
    .model_type = "llama",
    .gguf_rope = ROPE_PAIRS,
    .hf_rope = ROPE_HALVES,
    .keys = keys,
    .n_keys = COUNT_OF(keys),
    .tensors = tensors,
    .n_tensors = COUNT_OF(tensors),
    .forward = pre_norm_decoder,
};
