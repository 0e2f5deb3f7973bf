#include "kernels/arm/vec_neon.h"

#include "kernels/simd/elementwise_impl.h"
