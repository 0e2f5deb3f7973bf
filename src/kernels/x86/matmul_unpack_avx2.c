#include "kernels/x86/matmul_avx2.h"
#include "kernels/x86/matmul_ints_avx2.h"

#define UNPACKER(type) panel_unpack_##type##_avx2
#define SIGN_OF_8 \
    0 /* unsigned bytes of 8 bits would saturate VPMADDUBSW: the kernel moves the sign to x */

#include "kernels/simd/matmul_unpack_impl.h"
#include "kernels/simd/matmul_unpack_k_impl.h"
#include "kernels/simd/matmul_unpack_low_impl.h"
