/* synth_blocks.h: random numbers as they lie in a file.
 *
 * Owns a generator that can begin at any block. The blocks are drawn, not quantized from floats:
 * codes at random, scales such that the values have the wanted spread and no mean. Cannot fail. Any
 * thread. */
#ifndef SYNTH_BLOCKS_H
#define SYNTH_BLOCKS_H

#include "quant/dtype.h"

/* The least common multiple of the sizes of all blocks: portions of so many bytes hold whole blocks
 * of any type. */
enum { SYNTH_PORTION_BYTES = 942480 };

/* Blocks number `first` to first + count - 1 of a tensor, which is known by its seed: values around
 * `mean` with the standard deviation `deviation`. Quantized types have the mean 0. */
void synth_blocks(enum dtype type, uint64_t seed, uint64_t first, size_t count, float mean,
                  float deviation, void *out);

#endif
