/* quantization_name.h: what people call the mix of types a model's weights are stored in.
 *
 * Owns the names of GGUF's general.file_type. Leaves single types to quant/dtype.h. Any thread. */
#ifndef QUANTIZATION_NAME_H
#define QUANTIZATION_NAME_H

#include "formats/weights.h"

/* "Q4_K_M" where the file says so, else the type that most bytes of matrices are stored in. */
const char *quantization_name(const struct weights *weights);

#endif
