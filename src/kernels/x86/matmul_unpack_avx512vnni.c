#include "kernels/x86/matmul_avx512vnni.h"
#include "kernels/x86/matmul_ints_avx512vnni.h"

#define UNPACKER(type) panel_unpack_##type##_avx512vnni
#define SIGN_OF_8      (char)0x80 /* VPDPBUSD wants the codes unsigned */

#include "kernels/simd/matmul_unpack_impl.h"
#include "kernels/simd/matmul_unpack_k_impl.h"
#include "kernels/x86/matmul_unpack_low_avx512vnni_impl.h"
