#include "kernels/cpu_features.h"

#include <stdlib.h>

/* What each value of HEARTH_CPU lets through. */
static const struct level {
    const char *name;
    unsigned allowed;
} levels[] = {
    { "reference", 0 }, { "avx2", CPU_AVX2 }, { "avxvnni", CPU_AVX2 | CPU_AVXVNNI },
    { "avx512", ~0u },  { "neon", CPU_NEON }, { "dotprod", CPU_NEON | CPU_DOTPROD },
    { "i8mm", ~0u },
};

/* What HEARTH_CPU asks for; NULL: nothing, or what no level is called. */
static const struct level *level_asked(void)
{
    const char *name = getenv("HEARTH_CPU");
    for (size_t i = 0; name && i < COUNT_OF(levels); i++)
        if (strcmp(name, levels[i].name) == 0)
            return &levels[i];
    return NULL;
}

unsigned cpu_features(void)
{
    const struct level *level = level_asked();
    return cpu_features_detect() & (level ? level->allowed : ~0u);
}

bool cpu_features_check(struct error *err)
{
    const char *name = getenv("HEARTH_CPU");
    if (!name || !*name || level_asked())
        return true;
    return fail(err, ERROR_USAGE,
                "HEARTH_CPU is '%s', but only reference, avx2, avxvnni, avx512, neon, dotprod and "
                "i8mm are levels",
                name);
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
