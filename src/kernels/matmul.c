#include "kernels/matmul.h"

#include "kernels/matmul_prepared.h"

enum activation_format matmul_activation(enum dtype weight_type)
{
    return dtype_is_quantized(weight_type) ? ACTIVATION_Q8 : ACTIVATION_F32;
}

size_t matmul_prepared_bytes(enum activation_format format, size_t m, size_t k)
{
    if (format == ACTIVATION_F32)
        return align_up(m * f32_stride(k) * sizeof(float), 64);
    return q8_group_count(m) * q8_group_bytes(Q8_GROUP, k);
}
