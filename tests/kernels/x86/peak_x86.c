#include "peak.h"

#include "kernels/cpu_features.h"

double peak_run(unsigned features, bool integers, size_t rounds)
{
    if (features & CPU_AVX512VNNI)
        return peak_run_avx512vnni(integers, rounds);
    return features & CPU_AVX2 ? peak_run_avx2(integers, rounds) : 0;
}
