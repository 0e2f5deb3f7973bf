#include "kernels/kernels.h"

void kernels_init_reference(struct kernels *k)
{
    matmul_init_reference(&k->matmul);
}
