/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of all types as numbers, and their order. */
#include "samples/numbers.h"

/* ---- numbers ---- */

/* Floats and doubles, and their bits. */
typedef union {
    uint32_t bits;
    float number;
} float_bits;

typedef union {
    uint64_t bits;
    double number;
} double_bits;

static double number_of_half(uint32_t bits)
{
    uint32_t sign = (bits & 0x8000u) << 16, exponent = bits >> 10 & 31u, fraction = bits & 1023u;
    if (!exponent) {
        double number = fraction / 16777216.0; /* 2^24 */
        return sign ? -number : number;
    }
    return (float_bits){.bits = sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13}.number;
}

/* The integer that is nearest to a number from 0 to 2^31, the even one in a tie. */
static uint32_t nearest(double number)
{
    uint32_t below = (uint32_t)number;
    double rest = number - below;
    return below + (rest > 0.5 || (rest == 0.5 && below % 2));
}

static uint32_t half_of(double number)
{
    uint32_t sign = (float_bits){.number = (float)number}.bits >> 16 & 0x8000u;
    int exponent = 1;
    if (number != number) {
        return 0x7e00u;
    }
    number = number < 0 ? -number : number;
    if (number >= 65520) {
        return sign | 0x7c00u;
    }
    for (number *= 1 << 24; number >= 2048; number /= 2) {
        exponent++;
    }
    return sign |
           (nearest(number) + ((uint32_t)(exponent - 1) << 10)); /* which may carry into the exponent */
}

double aecodec_sample_number(uint32_t type, uint64_t bits)
{
    switch (type) {
    case AECODEC_UINT8:
        return (uint8_t)bits;
    case AECODEC_INT8:
        return (int8_t)bits;
    case AECODEC_UINT16:
        return (uint16_t)bits;
    case AECODEC_INT16:
        return (int16_t)bits;
    case AECODEC_INT32:
        return (int32_t)bits;
    case AECODEC_FLOAT16:
        return number_of_half((uint32_t)bits);
    case AECODEC_FLOAT32:
        return (float_bits){.bits = (uint32_t)bits}.number;
    case AECODEC_UINT32:
        return (uint32_t)bits;
    case AECODEC_INT64:
        return (double)(int64_t)bits;
    case AECODEC_UINT64:
        return (double)bits;
    default:
        return (double_bits){.bits = bits}.number;
    }
}

uint64_t aecodec_to_sample_bits(uint32_t type, double number)
{
    const double most_64 = 9223372036854775808.0; /* 2^63 */
    switch (type) {
    case AECODEC_FLOAT16:
        return half_of(number);
    case AECODEC_FLOAT32:
        return number != number ? 0x7fc00000u : (float_bits){.number = (float)number}.bits;
    case AECODEC_FLOAT64:
        return number != number ? 0x7ff8000000000000u : (double_bits){.number = number}.bits;
    case AECODEC_UINT32:
        return (uint32_t)number;
    case AECODEC_INT64:
        return number >= most_64 ? INT64_MAX : (uint64_t)(int64_t)number;
    case AECODEC_UINT64:
        return number >= 2 * most_64 ? UINT64_MAX : (uint64_t)number;
    default:
        return (uint32_t)(int32_t)number;
    }
}

/* ---- their order ---- */

uint64_t aecodec_last_order(uint32_t type)
{
    return UINT64_MAX >> (64 - 8 * sample_size(type));
}

static int is_signed(uint32_t type)
{
    return type != AECODEC_UINT8 && type != AECODEC_UINT16 && type != AECODEC_UINT32 &&
           type != AECODEC_UINT64;
}

uint64_t aecodec_sample_order(uint32_t type, uint64_t bits)
{
    const uint64_t all = aecodec_last_order(type), sign = is_signed(type) ? all ^ all >> 1 : 0;
    return is_float(type) && bits & sign ? ~bits & all : (bits & all) ^ sign;
}

uint64_t aecodec_sample_at(uint32_t type, uint64_t order)
{
    const uint64_t all = aecodec_last_order(type), sign = is_signed(type) ? all ^ all >> 1 : 0;
    return is_float(type) && !(order & sign) ? ~order & all : order ^ sign;
}
