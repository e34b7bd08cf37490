/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of all types. Private. */
#pragma once

#include "base/common.h"

/* Bytes of a sample; 0 for an unknown type. */
static inline uint32_t sample_size(uint32_t type)
{
    static const uint8_t sizes[] = {1, 1, 2, 2, 4, 2, 4, 4, 8, 8, 8};
    return type < sizeof sizes ? sizes[type] : 0;
}

static inline int is_float(uint32_t type)
{
    return type == AECODEC_FLOAT16 || type == AECODEC_FLOAT32 || type == AECODEC_FLOAT64;
}

static inline uint64_t bits_of_sample(uint32_t type, const void *samples, size_t at)
{
    switch (sample_size(type)) {
    case 1:
        return ((const uint8_t *)samples)[at];
    case 2:
        return ((const uint16_t *)samples)[at];
    case 4:
        return ((const uint32_t *)samples)[at];
    default:
        return ((const uint64_t *)samples)[at];
    }
}

static inline void set_bits_of_sample(uint32_t type, void *samples, size_t at, uint64_t bits)
{
    switch (sample_size(type)) {
    case 1:
        ((uint8_t *)samples)[at] = (uint8_t)bits;
        break;
    case 2:
        ((uint16_t *)samples)[at] = (uint16_t)bits;
        break;
    case 4:
        ((uint32_t *)samples)[at] = (uint32_t)bits;
        break;
    default:
        ((uint64_t *)samples)[at] = bits;
    }
}

/* The bits of a sample as a number, and a sample of an array. Integers beyond 2^53 are rounded. */
double aecodec_sample_number(uint32_t type, uint64_t bits);
static inline double number_of_sample(uint32_t type, const void *samples, size_t at)
{
    return aecodec_sample_number(type, bits_of_sample(type, samples, at));
}

/* The bits of the sample that is nearest to a number, with ties to even; the nearest integer of 64 bits if it
 * has more. */
uint64_t aecodec_to_sample_bits(uint32_t type, double number);

/* The bits of a sample as an unsigned number in the order of the numbers, and back; and the last of these. */
uint64_t aecodec_sample_order(uint32_t type, uint64_t bits);
uint64_t aecodec_sample_at(uint32_t type, uint64_t order);
uint64_t aecodec_last_order(uint32_t type);
