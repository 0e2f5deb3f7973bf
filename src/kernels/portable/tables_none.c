/* For machines without kernels of their own: the reference stays in every slot. */
#include "kernels/kernels.h"

unsigned cpu_features_detect(void)
{
    return 0;
}

void kernels_init_isa(struct kernels *k, unsigned features)
{
    (void)k;
    (void)features;
}
