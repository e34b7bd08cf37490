/* SPDX-License-Identifier: Apache-2.0 */
/* Integer arithmetic of the adaptive coder (FORMAT, section 8). Private. */
#pragma once

#include "aecodec_kernels.h"

AECODEC_INLINE int bits_in(uint64_t number)
{
    return number ? 64 - __builtin_clzll(number) : 0;
}

/* Logarithm of a positive number to base 2 in eighths, linear between powers of 2. */
AECODEC_INLINE int32_t log8(uint64_t number)
{
    const int e = 63 - __builtin_clzll(number);
    return 8 * (e - 1) + (int32_t)(e > 3 ? number >> (e - 3) : number << (3 - e));
}

AECODEC_INLINE int64_t clip(int64_t x, int64_t least, int64_t most)
{
    return x < least ? least : x > most ? most : x;
}

AECODEC_INLINE int32_t clip32(int32_t x, int32_t least, int32_t most)
{
    return x < least ? least : x > most ? most : x;
}

AECODEC_INLINE uint32_t magnitude(int32_t x)
{
    return x < 0 ? 0u - (uint32_t)x : (uint32_t)x;
}

/* x * 2^places, rounded towards minus infinity. */
AECODEC_INLINE int64_t scale_by(int64_t x, int places)
{
    return places >= 0 ? x * ((int64_t)1 << places) : x >> (places < -63 ? 63 : -places);
}

/* Divide by a positive number, rounded towards minus infinity. */
AECODEC_INLINE int64_t divide(int64_t x, int64_t by)
{
    if (by == 1) {
        return x;
    }
    if ((uint64_t)x <= UINT32_MAX && by <= UINT32_MAX) {
        return (uint32_t)x / (uint32_t)by;
    }
    return x / by - (x % by < 0);
}
