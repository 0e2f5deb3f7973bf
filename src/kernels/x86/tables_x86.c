#include "kernels/kernels.h"

void kernels_init_isa(struct kernels *k, unsigned features)
{
    if (!(features & CPU_AVX2))
        return;

    if (!(features & CPU_AVX512) || !(features & CPU_AVX512VNNI))
        return;
    matmul_init_avx512vnni(&k->matmul);
}
