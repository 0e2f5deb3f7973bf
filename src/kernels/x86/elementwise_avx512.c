#include "kernels/x86/vec_avx512.h"

#include "kernels/simd/elementwise_impl.h"
