#include "kernels/cpu_features.h"

#include <stdlib.h>

/* What each value of HEARTH_CPU lets through; the last row is for anything else. */
static const struct level {
    const char *name;
    unsigned allowed;
} levels[] = {
    { "reference", 0 }, { "avx2", CPU_AVX2 }, { "avxvnni", CPU_AVX2 | CPU_AVXVNNI },
    { "avx512", ~0u },  { "neon", CPU_NEON }, { "dotprod", CPU_NEON | CPU_DOTPROD },
    { "i8mm", ~0u },
};

unsigned cpu_features(void)
{
    unsigned features = cpu_features_detect();
    const char *highest = getenv("HEARTH_CPU");
    if (!highest)
        return features;
    for (size_t i = 0; i < COUNT_OF(levels); i++)
        if (strcmp(highest, levels[i].name) == 0)
            return features & levels[i].allowed;
    return features;
}

const char *cpu_features_name(unsigned features)
{
    if ((features & CPU_AVX512) && (features & CPU_AVX512VNNI))
        return "avx512vnni";
    if (features & CPU_AVX512)
        return "avx512";
    if (features & CPU_AVXVNNI)
        return "avxvnni";
    if (features & CPU_AVX2)
        return "avx2";
    if (features & CPU_I8MM)
        return "i8mm";
    if (features & CPU_DOTPROD)
        return "dotprod";
    if (features & CPU_NEON)
        return "neon";
    return "reference";
}
