/* SPDX-License-Identifier: Apache-2.0 */
/* What inflating and deflating share (RFC 1951). Private. */
#pragma once

#include <stdint.h>
#include <string.h>

enum {
    LITERALS = 286,
    DISTANCES = 30,
    LENGTH_CODES = 19,
    END = 256,
    SHORTEST = 3,
    LONGEST = 258,
    WINDOW = 32768
};

/* The lengths of matches and their distances: the least of each code, and how many bits follow. */
static const uint16_t length_base[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                         31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
static const uint8_t length_bits[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                        2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
static const uint16_t distance_base[30] = {1,   2,   3,   4,    5,    7,    9,    13,   17,   25,
                                           33,  49,  65,  97,   129,  193,  257,  385,  513,  769,
                                           1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
static const uint8_t distance_bits[30] = {0, 0, 0, 0, 1, 1, 2, 2,  3,  3,  4,  4,  5,  5,  6,
                                          6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13};

/* The order in which the lengths of the code for lengths are written. */
static const uint8_t length_order[LENGTH_CODES] = {16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                   11, 4,  12, 3, 13, 2, 14, 1, 15};

static inline void set_fixed_lengths(uint8_t lengths[LITERALS + 2])
{
    memset(lengths, 8, 144);
    memset(lengths + 144, 9, 112);
    memset(lengths + 256, 7, 24);
    memset(lengths + 280, 8, 8);
}

/* The checksum at the end of a stream. */
uint32_t aecodec_adler32(const uint8_t *bytes, size_t size);
