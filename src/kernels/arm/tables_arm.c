#include "kernels/kernels.h"

void kernels_init_isa(struct kernels *k, unsigned features)
{
    if (!(features & CPU_NEON))
        return;
    matmul_init_neon(&k->matmul);
    norm_init_neon(&k->norm);
    rope_init_neon(&k->rope);
    elementwise_init_neon(&k->elementwise);
    attention_init_neon(&k->attention);

    if (!(features & CPU_DOTPROD))
        return;
    matmul_init_dotprod(&k->matmul);

    if (!(features & CPU_I8MM))
        return;
    matmul_init_i8mm(&k->matmul);
}
