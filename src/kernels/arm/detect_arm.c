#include "kernels/cpu_features.h"

#include <sys/auxv.h>

/* Bits of the kernel's interface for arm64, which older headers do not name. */
#define ARM64_HWCAP_ASIMD   (1ul << 1)
#define ARM64_HWCAP_ASIMDDP (1ul << 20)
#define ARM64_HWCAP2_I8MM   (1ul << 13)

unsigned cpu_features_detect(void)
{
    unsigned long first = getauxval(AT_HWCAP), second = getauxval(AT_HWCAP2);
    if (!(first & ARM64_HWCAP_ASIMD))
        return 0;
    if (!(first & ARM64_HWCAP_ASIMDDP))
        return CPU_NEON;
    return CPU_NEON | CPU_DOTPROD | (second & ARM64_HWCAP2_I8MM ? CPU_I8MM : 0);
}
