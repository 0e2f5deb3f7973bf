#include "kernels/cpu_features.h"

#include <cpuid.h>

/* __builtin_cpu_supports also asks whether the operating system saves the registers; it does not
 * know F16C everywhere. */
static bool has_f16c(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_F16C);
}

/* Compilers know its name only lately. */
static bool has_avxvnni(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1 << 4);
}

unsigned cpu_features_detect(void)
{
    unsigned features = 0;
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("bmi2") || !has_f16c())
        return 0;
    features |= CPU_AVX2;
    if (has_avxvnni())
        features |= CPU_AVXVNNI;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return features;
    features |= CPU_AVX512;
    if (__builtin_cpu_supports("avx512vnni"))
        features |= CPU_AVX512VNNI;
    if (__builtin_cpu_supports("avx512bf16"))
        features |= CPU_AVX512BF16;
    return features;
}
