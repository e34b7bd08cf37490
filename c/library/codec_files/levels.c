/* SPDX-License-Identifier: Apache-2.0 */
/* Levels in sixteenths: the tables of the nearer whole level, and gains between those of two. */
#include <stdlib.h>

#include "codec_files/levels.h"

/* 2^(31 - n / 16) and 2^(31 - n / 256), rounded. */
static const uint32_t sixteenths[16] = {
    0x80000000, 0x7a92be8b, 0x75606374, 0x70666f76, 0x6ba27e65, 0x6712460b, 0x62b39509, 0x5e8451d0,
    0x5a82799a, 0x56ac1f75, 0x52ff6b55, 0x4f7a9930, 0x4c1bf829, 0x48e1e9ba, 0x45cae0f2, 0x42d561b4,
};
static const uint32_t parts[16] = {
    0x80000000, 0x7fa765ad, 0x7f4f08ae, 0x7ef6e8da, 0x7e9f0606, 0x7e476009, 0x7deff6b6, 0x7d98c9e6,
    0x7d41d96e, 0x7ceb2523, 0x7c94acde, 0x7c3e7073, 0x7be86fba, 0x7b92aa88, 0x7b3d20b6, 0x7ae7d21a,
};

/* 2^(15 + gain / 256), rounded; docs/FORMAT.md, section 6. No such number lies near a tie, so products of
 * 31 bits are enough. */
static uint16_t factor_of(int32_t gain)
{
    uint32_t below = (uint32_t)-gain, shift = 47 + below / 256;
    uint64_t power = (uint64_t)sixteenths[below % 256 / 16] * parts[below % 16];
    return (uint16_t)((power + ((uint64_t)1 << (shift - 1))) >> shift);
}

static aecodec_status find_factors(const aecodec_bundle *bundle, uint32_t units, coding_level *level)
{
    size_t dimension = level->codec.code_dimension;
    int32_t part = (int32_t)(units % LEVEL_UNITS);
    const int16_t *low = bundle->gains + (units / LEVEL_UNITS - 1) * dimension;
    const int16_t *high = part ? low + dimension : low;
    level->factors = malloc(dimension * sizeof *level->factors);
    if (!level->factors) {
        return AECODEC_NO_MEMORY;
    }
    for (size_t n = 0; n < dimension; n++) {
        int32_t sum = (LEVEL_UNITS - part) * low[n] + part * high[n]; /* at most 0 */
        level->factors[n] = factor_of(-((LEVEL_UNITS - 1 - sum) / LEVEL_UNITS)); /* rounded down */
    }
    level->codec.factors = level->factors;
    return AECODEC_OK;
}

uint32_t aecodec_default_units(const aecodec_bundle *bundle)
{
    return bundle->facts.default_level * LEVEL_UNITS;
}

int aecodec_has_level(const aecodec_bundle *bundle, uint32_t units)
{
    return units >= LEVEL_UNITS && units <= bundle->facts.levels * LEVEL_UNITS &&
           (units % LEVEL_UNITS == 0 || bundle->facts.has_gains);
}

aecodec_status aecodec_level_open(const aecodec_bundle *bundle, uint32_t units, coding_level *level)
{
    if (!aecodec_has_level(bundle, units)) {
        return AECODEC_BAD_ARGUMENT;
    }
    const level_tables *tables = &bundle->tables[(units + LEVEL_UNITS / 2) / LEVEL_UNITS - 1];
    if (!tables->is_present) {
        return AECODEC_ABSENT;
    }
    level->codec = tables->codec;
    level->codec.level = (uint8_t)units;
    level->codec.is_default = units == aecodec_default_units(bundle);
    level->factors = NULL;
    return bundle->facts.has_gains ? find_factors(bundle, units, level) : AECODEC_OK;
}
