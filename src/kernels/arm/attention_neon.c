#include "kernels/arm/vec_neon.h"

#include "kernels/simd/attention_impl.h"
