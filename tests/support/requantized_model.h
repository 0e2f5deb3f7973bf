/* requantized_model.h: a GGUF model once more, with its matrices stored in another type.
 *
 * Owns a file in a temporary folder. Vectors, settings and vocabulary are those of the model it was
 * made from. One thread. */
#ifndef REQUANTIZED_MODEL_H
#define REQUANTIZED_MODEL_H

#include "base/base.h"
#include "base/error.h"
#include "quant/dtype.h"

struct requantized_model;

/* `type` is one that quantize_supported knows; rows of matrices must be multiples of 256. */
bool requantized_model_new(struct requantized_model **out, const char *path, enum dtype type,
                           struct error *err) MUST_CHECK;
void requantized_model_free(struct requantized_model **model); /* removes the file */

const char *requantized_model_path(const struct requantized_model *model);

#endif
