/* tiny_model.h: small random models for tests, and what they must compute.
 *
 * Owns a GGUF file in a temporary folder and the same weights as doubles; the forward function here
 * is written from the papers in plain loops over doubles and shares nothing with the engine. One
 * thread. */
#ifndef TINY_MODEL_H
#define TINY_MODEL_H

#include "base/base.h"
#include "base/error.h"
#include "quant/dtype.h"

struct tiny_options {
    const char
        *architecture; /* "llama", "qwen2" (adds biases on q, k, v), "qwen3" (adds head norms) */
    enum dtype type;   /* of the matrices; norms and biases are F32 */
    size_t n_layers, n_embd, n_ff, n_heads, n_kv_heads, head_dim, n_vocab, n_ctx;
    size_t window;                   /* 0: none */
    double rope_base, linear_factor; /* 0: no scaling */
    bool tied;
    bool has_tokenizer; /* SentencePiece-style: 3 special tokens, 256 bytes, then one letter each;
                           needs n_vocab >= 285 */
    const char *const *controls; /* NULL-ended: control tokens from id 285 on; NULL: none */
    const char *chat_template;   /* in Jinja; NULL: none */
    uint64_t seed;
};
struct tiny_options tiny_defaults(void);

struct tiny_model;

bool tiny_model_new(struct tiny_model **out, const struct tiny_options *options,
                    struct error *err) MUST_CHECK;
void tiny_model_free(struct tiny_model **model); /* removes the file */

const char *tiny_model_path(const struct tiny_model *model);

/* Logits [n_vocab] of the last of n tokens, in doubles. */
void tiny_model_logits(const struct tiny_model *model, const int32_t *tokens, size_t n,
                       double *logits);

/* The state that they are made from, after the last norm: [n_embd]. */
void tiny_model_hidden(const struct tiny_model *model, const int32_t *tokens, size_t n,
                       double *hidden);

/* |a - b| / |b| */
double relative_error(const float *a, const double *b, size_t n);

#endif
