#include "kernels/peak.h"

static double run(bool integers, size_t rounds)
{
    (void)integers;
    (void)rounds;
    return 0;
}

void peak_init_reference(struct peak_kernels *k)
{
    k->run = run;
}
