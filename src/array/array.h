/* array.h: lazy arrays and the operations on them.
 *
 * An array is a promise of [rows, width] float32 values; making one records a node in a graph and
 * computes nothing. How many rows there are is not known here: it is the number of tokens (or of
 * outputs) of the step that a plan later runs (plan.h). Owns nodes inside a graph, which frees them
 * all. Operations accept NULL for an array and then return NULL, so that a forward function needs
 * no checks: running out of memory is reported once, by plan_compile. One thread traces. */
#ifndef ARRAY_H
#define ARRAY_H

#include "base/base.h"
#include "base/error.h"
#include "kernels/elementwise.h"
#include "kernels/rope.h"
#include "quant/dtype.h"

struct graph;
struct array;

bool graph_new(struct graph **out, struct error *err) MUST_CHECK;
void graph_free(struct graph **graph); /* accepts NULL, leaves NULL */

/* Numbers that exist already: a matrix in a mapped file, used where it lies. [n_rows, row_length],
 * rows of row_bytes bytes; must outlive every plan compiled from the graph. One-dimensional
 * constants have one row. */
struct array *array_constant(struct graph *graph, enum dtype type, const void *data, size_t n_rows,
                             size_t row_length, size_t row_bytes);

/* [tokens, row_length of table]: the table's rows of this step's token ids. */
struct array *array_embed(struct array *table);

/* Row by row (kernels/norm.h); `weight` is [1, width], `bias` may be NULL. */
struct array *array_rms_norm(struct array *x, struct array *weight, float eps);
struct array *array_layer_norm(struct array *x, struct array *weight, struct array *bias,
                               float eps);

/* rms_norm of every head_dim consecutive elements; `weight` is [1, head_dim]. */
struct array *array_head_norm(struct array *x, struct array *weight, size_t head_dim, float eps);

/* x W^T + bias: [rows, n_rows of W]; bias is [1, n_rows of W] or NULL. */
struct array *array_linear(struct array *x, struct array *weight, struct array *bias);

struct array *array_add(struct array *a, struct array *b);
struct array *array_multiply(struct array *a, struct array *b);
struct array *array_scale(struct array *a, float factor);
struct array *array_activate(struct array *x, enum activation kind);

/* Cosines and sines of the tokens' positions: frequencies is [n], borrowed until the graph's plans
 * are gone. */
struct array *array_rope_angles(struct graph *graph, const float *frequencies, size_t n);

/* Rotate the first 2 * n elements of each head by the angles (kernels/rope.h). */
struct array *array_rope(struct array *x, struct array *angles, size_t head_dim,
                         enum rope_layout layout);

/* Write k and v into the sequences' pages for `layer`, then attend with q (kernels/attention.h):
 * [tokens, width of q]. */
struct attention_shape {
    size_t layer, n_heads, n_kv_heads, head_dim;
    uint32_t window; /* 0: none */
    float scale;
};
struct array *array_attention(struct array *q, struct array *k, struct array *v,
                              const struct attention_shape *shape);

/* Only the rows of this step that want logits: [outputs, width]. */
struct array *array_take_outputs(struct array *x);

/* The graph's result. */
void graph_set_output(struct graph *graph, struct array *x);

/* What the result is made from and a plan may be told to keep as well (plan.h): [outputs, width].
 */
void graph_set_hidden(struct graph *graph, struct array *x);

size_t array_width(const struct array *x);

#endif
