/* decoder_tables.h: the rows that all pre-norm decoders share, to be named inside a family's two
 * tables. Private to the models room. */
#ifndef DECODER_TABLES_H
#define DECODER_TABLES_H

#include "models/family.h"

/* Far above any model and far below overflow in a product of three. */
#define MOST_WIDTH   (1 << 20)
#define MOST_HEADS   4096
#define MOST_CONTEXT (1 << 30)

/* clang-format off */
#define DECODER_KEYS                                                                                                     \
    { "block_count", "num_hidden_layers", CONFIG_INT, CONFIG(n_layers), 1, MODEL_MAX_LAYERS, REQUIRED },                 \
    { "embedding_length", "hidden_size", CONFIG_INT, CONFIG(n_embd), 1, MOST_WIDTH, REQUIRED },                          \
    { "feed_forward_length", "intermediate_size", CONFIG_INT, CONFIG(n_ff), 1, MOST_WIDTH, REQUIRED },                   \
    { "attention.head_count", "num_attention_heads", CONFIG_INT, CONFIG(n_heads), 1, MOST_HEADS, REQUIRED },             \
    { "attention.head_count_kv", "num_key_value_heads", CONFIG_INT, CONFIG(n_kv_heads), 1, MOST_HEADS, SAME_AS(n_heads) }, \
    { "attention.layer_norm_rms_epsilon", "rms_norm_eps", CONFIG_FLOAT, CONFIG(norm_eps), 1e-12, 0.1, REQUIRED },        \
    { "context_length", "max_position_embeddings", CONFIG_INT, CONFIG(n_ctx), 1, MOST_CONTEXT, REQUIRED },               \
    { "rope.freq_base", "rope_theta|rope_parameters.rope_theta", CONFIG_FLOAT, CONFIG(rope_base), 1, 1e12, DEFAULT(10000) }

/* head_dim 0 means n_embd / n_heads; rotary_dim 0 means head_dim. */
#define HEAD_KEYS                                                                                                        \
    { "attention.key_length", "head_dim", CONFIG_INT, CONFIG(head_dim), 1, MOST_HEADS, DEFAULT(0) },                     \
    { "rope.dimension_count", NULL, CONFIG_INT, CONFIG(rotary_dim), 2, MOST_HEADS, DEFAULT(0) }

#define DECODER_TENSORS                                                                                                  \
    { "token_embd.weight", "model.embed_tokens.weight", MODEL(embedding), DIM_VOCAB, DIM_EMBD, NEEDED },                 \
    { "output.weight", "lm_head.weight", MODEL(output), DIM_VOCAB, DIM_EMBD, OPTIONAL },                                 \
    { "output_norm.weight", "model.norm.weight", MODEL(output_norm), DIM_ONE, DIM_EMBD, NEEDED },                        \
    { "blk.%d.attn_norm.weight", "model.layers.%d.input_layernorm.weight", LAYER(attn_norm), DIM_ONE, DIM_EMBD, NEEDED }, \
    { "blk.%d.attn_q.weight", "model.layers.%d.self_attn.q_proj.weight", LAYER(wq), DIM_HEADS, DIM_EMBD, NEEDED },       \
    { "blk.%d.attn_k.weight", "model.layers.%d.self_attn.k_proj.weight", LAYER(wk), DIM_KV_HEADS, DIM_EMBD, NEEDED },    \
    { "blk.%d.attn_v.weight", "model.layers.%d.self_attn.v_proj.weight", LAYER(wv), DIM_KV_HEADS, DIM_EMBD, NEEDED },    \
    { "blk.%d.attn_output.weight", "model.layers.%d.self_attn.o_proj.weight", LAYER(wo), DIM_EMBD, DIM_HEADS, NEEDED },  \
    { "blk.%d.ffn_norm.weight", "model.layers.%d.post_attention_layernorm.weight", LAYER(ffn_norm), DIM_ONE, DIM_EMBD, NEEDED }, \
    { "blk.%d.ffn_gate.weight", "model.layers.%d.mlp.gate_proj.weight", LAYER(gate), DIM_FF, DIM_EMBD, NEEDED },         \
    { "blk.%d.ffn_up.weight", "model.layers.%d.mlp.up_proj.weight", LAYER(up), DIM_FF, DIM_EMBD, NEEDED },               \
    { "blk.%d.ffn_down.weight", "model.layers.%d.mlp.down_proj.weight", LAYER(down), DIM_EMBD, DIM_FF, NEEDED }
/* clang-format on */

#endif
