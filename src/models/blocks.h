/* blocks.h: the pieces that decoders are put together from. Private to the models room.
 *
 * Owns nothing; each function records operations in f->graph and returns the new array. */
#ifndef BLOCKS_H
#define BLOCKS_H

#include "models/family.h"

/* A bound weight as a constant of the graph; NULL for an absent optional one. */
struct array *constant_of(struct forward *f, const struct weight *weight);

/* x W^T + bias; bias may be absent. */
struct array *linear(struct forward *f, struct array *x, const struct weight *weight,
                     const struct weight *bias);
struct array *rms_norm(struct forward *f, struct array *x, const struct weight *weight);
struct array *embed(struct forward *f);

/* q, k, v with biases and head norms where the layer has them, rotary embedding, attention, output
 * projection. */
struct array *attention_block(struct forward *f, struct array *x, const struct layer_weights *layer,
                              size_t number);

/* down(activation(gate(x)) * up(x)) */
struct array *gated_mlp(struct forward *f, struct array *x, const struct layer_weights *layer,
                        enum activation kind);

/* Pre-norm decoder: embedding, layers of x += attention(norm(x)), x += mlp(norm(x)), final norm,
 * head (tied to the embedding where there is no output weight). */
struct array *pre_norm_decoder(struct forward *f);

#endif
