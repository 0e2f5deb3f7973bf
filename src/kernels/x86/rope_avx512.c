#include "kernels/x86/vec_avx512.h"

#include "kernels/x86/rope_impl.h"
