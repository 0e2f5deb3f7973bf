/* synth.h: model files of real shapes with random weights, for measuring speed and memory without
 * downloading.
 *
 * Owns the table of shapes and the names, types and sizes of their tensors. Leaves the contents of
 * blocks to synth_blocks.h and of vocabularies to synth_vocabulary.h. One thread. */
#ifndef SYNTH_H
#define SYNTH_H

#include "base/base.h"
#include "base/error.h"

struct synth_options {
    const char *shape; /* one of synth_shapes() */
    const char *type;  /* the name of a stored type or Q4_K_M, the usual mix of Q4_K and Q6_K */
    struct slice chat_template; /* stored with the model; { NULL, 0 }: none */
    bool show_progress;
};

/* Write a GGUF file. The same options give the same bytes. The file appears only when it is
 * complete. */
bool synth_write(const struct synth_options *options, const char *path,
                 struct error *err) MUST_CHECK;

/* Names of the shapes, ended by NULL. */
const char *const *synth_shapes(void);

#endif
