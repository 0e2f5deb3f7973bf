#include "kernels/arm/vec_neon.h"

#include "kernels/simd/rope_impl.h"
