#include "kernels/kernels.h"

void kernels_init(struct kernels *k, unsigned features)
{
    memset(k, 0, sizeof *k);
    k->features = features;
    kernels_init_reference(k);
    kernels_init_isa(k, features);
}
