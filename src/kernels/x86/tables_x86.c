#include "kernels/kernels.h"

void kernels_init_isa(struct kernels *k, unsigned features)
{
    if (!(features & CPU_AVX2))
        return;
    matmul_init_avx2(&k->matmul);
    norm_init_avx2(&k->norm);
    rope_init_avx2(&k->rope);
    elementwise_init_avx2(&k->elementwise);
    attention_init_avx2(&k->attention);
    peak_init_avx2(&k->peak);

    if (features & CPU_AVXVNNI) {
        matmul_init_avxvnni(&k->matmul);
        peak_init_avxvnni(&k->peak);
    }

    if (!(features & CPU_AVX512))
        return;
    norm_init_avx512(&k->norm);
    rope_init_avx512(&k->rope);
    elementwise_init_avx512(&k->elementwise);
    attention_init_avx512(&k->attention);

    if (!(features & CPU_AVX512VNNI))
        return;
    matmul_init_avx512vnni(&k->matmul);
    peak_init_avx512vnni(&k->peak);
}
