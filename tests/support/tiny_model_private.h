/* tiny_model_private.h: the inside of a tiny model, shared by its generator and its forward
 * function. */
#ifndef TINY_MODEL_PRIVATE_H
#define TINY_MODEL_PRIVATE_H

#include "tiny_model.h"

#include <stdio.h>

enum { MOST_TENSORS = 256 };

struct tensor {
    const char *name;
    enum dtype type;
    size_t n_rows, row_length;
    uint8_t *data;  /* as in the file */
    double *values; /* [n_rows][row_length] what the file's bytes mean */
};

struct tiny_model {
    struct tiny_options options;
    struct arena *arena;
    struct tensor tensors[MOST_TENSORS];
    size_t n_tensors;
    uint64_t random;
    char path[64];
};

#endif
