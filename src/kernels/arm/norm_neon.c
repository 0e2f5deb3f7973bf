#include "kernels/arm/vec_neon.h"

#include "kernels/simd/norm_impl.h"
