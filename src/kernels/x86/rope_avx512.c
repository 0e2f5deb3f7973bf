#include "kernels/x86/vec_avx512.h"

#include "kernels/simd/rope_impl.h"
