/* synth.h: model files of real shapes with random weights, for measuring speed and memory without
 * downloading.
 *
 * Owns the table of shapes and the names, types and sizes of their tensors. Leaves the contents of
 * blocks to synth_blocks.h and of vocabularies to synth_vocabulary.h. One thread. */
#ifndef SYNTH_H
#define SYNTH_H

#include "base/base.h"
#include "base/error.h"

/* Write a GGUF file. `shape` is one of synth_shapes(); `type` is the name of a stored type or
 * Q4_K_M, the usual mix of Q4_K and Q6_K. The same arguments give the same bytes. The file appears
 * only when it is complete. */
bool synth_write(const char *shape, const char *type, const char *path, bool show_progress,
                 struct error *err) MUST_CHECK;

/* Names of the shapes, ended by NULL. */
const char *const *synth_shapes(void);

#endif
