#include "kernels/arm/matmul_ints_neon.h"

#define UNPACKER(type) panel_unpack_##type##_neon
#define SIGN_OF_8      0 /* products are signed by signed */

#include "kernels/simd/matmul_unpack_impl.h"
#include "kernels/simd/matmul_unpack_k_impl.h"
#include "kernels/simd/matmul_unpack_low_impl.h"
