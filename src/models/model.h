/* model.h: what all model families have in common: a configuration and bound weights, and the table
 * of families.
 *
 * Owns the structs that the families' tables fill (load.c) and the row by which a family is found
 * (families.c). Leaves arithmetic to array/. One thread loads; immutable afterwards. */
#ifndef MODEL_H
#define MODEL_H

#include "array/array.h"
#include "base/arena.h"
#include "base/base.h"
#include "base/error.h"
#include "formats/weights.h"

enum { MODEL_MAX_LAYERS = 1024 };

enum rope_scaling { ROPE_SCALING_NONE, ROPE_SCALING_LINEAR, ROPE_SCALING_LLAMA3 };

/* Numbers of one model; every field is named by the families' tables (family.h). */
struct model_config {
    int64_t n_layers, n_embd, n_ff, n_heads, n_kv_heads, head_dim, rotary_dim, n_vocab, n_ctx;
    int64_t window;             /* sliding window of attention; 0: none */
    int64_t first_window_layer; /* layers before it see everything */
    double norm_eps, rope_base;
    enum rope_layout rope_layout;
    struct {
        enum rope_scaling kind;
        double factor, low_freq_factor, high_freq_factor, original_ctx;
    } scaling;
};

struct layer_weights {
    const struct weight *attn_norm, *ffn_norm;
    const struct weight *wq, *wk, *wv, *wo;
    const struct weight *bq, *bk, *bv, *bo;
    const struct weight *q_norm, *k_norm;
    const struct weight *gate, *up, *down;
    const struct weight *gate_bias, *up_bias, *down_bias;
};

struct model_weights {
    const struct weight *embedding, *output, *output_norm, *rope_factors;
    struct layer_weights *layers; /* [n_layers] */
};

struct family;

struct model {
    const struct family *family;
    struct model_config config;
    struct model_weights weights;
    const float *rope_frequencies; /* [rotary_dim / 2], scaling applied */
    struct arena *arena;           /* holds all of it */
};

/* Find the family, read the configuration, bind and check every tensor. `w` must outlive the model.
 */
bool model_load(struct model **out, const struct weights *w, struct error *err) MUST_CHECK;
void model_free(struct model **model); /* accepts NULL, leaves NULL */

/* Trace the forward function once. */
bool model_trace(const struct model *model, struct graph *graph, struct error *err) MUST_CHECK;

/* "llama" */
const char *model_family_name(const struct model *model);

/* "llama, mistral, ...", for messages. */
const char *model_family_names(void);

#endif
