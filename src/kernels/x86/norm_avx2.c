#include "kernels/x86/vec_avx2.h"

#include "kernels/simd/norm_impl.h"
