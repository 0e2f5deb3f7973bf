#include "models/blocks.h"

#include <math.h>

struct array *constant_of(struct forward *f, const struct weight *weight)
{
    if (!weight)
        return NULL;
    return array_constant(f->graph, weight->type, weight->data, weight->n_rows, weight->row_length,
                          weight->row_bytes);
}

struct array *linear(struct forward *f, struct array *x, const struct weight *weight,
                     const struct weight *bias)
{
    return array_linear(x, constant_of(f, weight), constant_of(f, bias));
}

struct array *rms_norm(struct forward *f, struct array *x, const struct weight *weight)
{
    return array_rms_norm(x, constant_of(f, weight), (float)f->config->norm_eps);
}

struct array *embed(struct forward *f)
{
    return array_embed(constant_of(f, f->model->weights.embedding));
}

/* Queries or keys: head norm where the layer has one (Qwen 3), then rotation. */
static struct array *rotated(struct forward *f, struct array *x, const struct weight *norm)
{
    size_t head_dim = (size_t)f->config->head_dim;
    if (norm)
        x = array_head_norm(x, constant_of(f, norm), head_dim, (float)f->config->norm_eps);
    return array_rope(x, f->angles, head_dim, f->config->rope_layout);
}

struct array *attention_block(struct forward *f, struct array *x, const struct layer_weights *layer,
                              size_t number)
{
    const struct model_config *c = f->config;
    struct array *q = rotated(f, linear(f, x, layer->wq, layer->bq), layer->q_norm);
    struct array *k = rotated(f, linear(f, x, layer->wk, layer->bk), layer->k_norm);
    struct array *v = linear(f, x, layer->wv, layer->bv);
    struct attention_shape shape = {
        .layer = number,
        .n_heads = (size_t)c->n_heads,
        .n_kv_heads = (size_t)c->n_kv_heads,
        .head_dim = (size_t)c->head_dim,
        .window = (int64_t)number >= c->first_window_layer ? (uint32_t)c->window : 0,
        .scale = (float)(1.0 / sqrt((double)c->head_dim)),
    };
    return linear(f, array_attention(q, k, v, &shape), layer->wo, layer->bo);
}

struct array *gated_mlp(struct forward *f, struct array *x, const struct layer_weights *layer,
                        enum activation kind)
{
    struct array *gate = array_activate(linear(f, x, layer->gate, layer->gate_bias), kind);
    struct array *up = linear(f, x, layer->up, layer->up_bias);
    return linear(f, array_multiply(gate, up), layer->down, layer->down_bias);
}

struct array *pre_norm_decoder(struct forward *f)
{
    const struct model_weights *w = &f->model->weights;
    struct array *x = embed(f);
    for (size_t i = 0; i < (size_t)f->config->n_layers; i++) {
        const struct layer_weights *layer = &w->layers[i];
        x = array_add(x, attention_block(f, rms_norm(f, x, layer->attn_norm), layer, i));
        x = array_add(x, gated_mlp(f, rms_norm(f, x, layer->ffn_norm), layer, ACTIVATION_SILU));
    }
    x = rms_norm(f, array_take_outputs(x), w->output_norm);
    graph_set_hidden(f->graph, x);
    return linear(f, x, w->output ? w->output : w->embedding, NULL);
}
