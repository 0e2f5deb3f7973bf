#include "kernels/kernels.h"

void kernels_init_isa(struct kernels *k, unsigned features)
{
    (void)k;
    if (!(features & CPU_AVX2))
        return;

    if (!(features & CPU_AVX512) || !(features & CPU_AVX512VNNI))
        return;
}
