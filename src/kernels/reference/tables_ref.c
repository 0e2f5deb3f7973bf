#include "kernels/kernels.h"

void kernels_init_reference(struct kernels *k)
{
    matmul_init_reference(&k->matmul);
    norm_init_reference(&k->norm);
    rope_init_reference(&k->rope);
    elementwise_init_reference(&k->elementwise);
    attention_init_reference(&k->attention);
    peak_init_reference(&k->peak);
}
