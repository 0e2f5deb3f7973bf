/* Half and bfloat numbers. In integers, so that every machine and every compiler flag gives the
 * same bits. */
#include "quant/quantize.h"

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

float half_to_float(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
    if (exponent == 0x1f)
        return float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) { /* zero or subnormal: a multiple of 2^-24, exact in a float */
        float magnitude = (float)fraction * 0x1p-24f;
        return float_of_bits(sign | bits_of_float(magnitude));
    }
    return float_of_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

/* `value` without its lowest `shift` bits, rounded to nearest, ties to even. */
static uint32_t shift_rounded(uint32_t value, unsigned shift)
{
    uint32_t kept = value >> shift, lost = value & ((1u << shift) - 1), half = 1u << (shift - 1);
    return kept + (lost > half || (lost == half && (kept & 1)));
}

uint16_t float_to_half(float value)
{
    uint32_t bits = bits_of_float(value);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000)
        return (uint16_t)(sign | 0x7e00);
    if (magnitude >= 0x477ff000) /* 65520, half way past the largest half */
        return (uint16_t)(sign | 0x7c00);
    if (magnitude >= 0x38800000) /* 2^-14, the smallest normal half; a carry moves the exponent */
        return (uint16_t)(sign | shift_rounded(magnitude - (112u << 23), 13));
    if (magnitude < 0x33000000) /* below 2^-25 */
        return (uint16_t)sign;
    uint32_t exponent = magnitude >> 23, fraction = (magnitude & 0x7fffff) | 0x800000;
    return (uint16_t)(sign | shift_rounded(fraction, 126 - exponent));
}

float bfloat_to_float(uint16_t bfloat)
{
    return float_of_bits((uint32_t)bfloat << 16);
}

uint16_t float_to_bfloat(float value)
{
    uint32_t bits = bits_of_float(value);
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40); /* a quiet NaN that keeps its payload's top */
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}
