/* SPDX-License-Identifier: Apache-2.0 */
/* Levels in sixteenths: the tables of the nearer whole level, and gains between those of two. */
#include <stdlib.h>

#include "private.h"

/* 2^(31 - n / 256), rounded. */
static const uint32_t powers[256] = {
    0x80000000, 0x7fa765ad, 0x7f4f08ae, 0x7ef6e8da, 0x7e9f0606, 0x7e476009, 0x7deff6b6, 0x7d98c9e6,
    0x7d41d96e, 0x7ceb2523, 0x7c94acde, 0x7c3e7073, 0x7be86fba, 0x7b92aa88, 0x7b3d20b6, 0x7ae7d21a,
    0x7a92be8b, 0x7a3de5df, 0x79e947ef, 0x7994e492, 0x7940bb9e, 0x78ecccec, 0x78991854, 0x78459dac,
    0x77f25cce, 0x779f5590, 0x774c87cc, 0x76f9f359, 0x76a7980f, 0x765575c8, 0x76038c5b, 0x75b1dba2,
    0x75606374, 0x750f23ab, 0x74be1c20, 0x746d4cac, 0x741cb528, 0x73cc556d, 0x737c2d55, 0x732c3cba,
    0x72dc8374, 0x728d015d, 0x723db650, 0x71eea226, 0x719fc4b9, 0x71511de4, 0x7102ad80, 0x70b47368,
    0x70666f76, 0x7018a185, 0x6fcb096f, 0x6f7da710, 0x6f307a41, 0x6ee382de, 0x6e96c0c3, 0x6e4a33c9,
    0x6dfddbcc, 0x6db1b8a8, 0x6d65ca38, 0x6d1a1057, 0x6cce8ae1, 0x6c8339b2, 0x6c381ca6, 0x6bed3399,
    0x6ba27e65, 0x6b57fce9, 0x6b0daeff, 0x6ac39485, 0x6a79ad56, 0x6a2ff94f, 0x69e6784d, 0x699d2a2c,
    0x69540ec9, 0x690b2601, 0x68c26fb1, 0x6879ebb6, 0x683199ed, 0x67e97a34, 0x67a18c68, 0x6759d065,
    0x6712460b, 0x66caed35, 0x6683c5c3, 0x663ccf92, 0x65f60a7f, 0x65af766a, 0x6569132f, 0x6522e0ad,
    0x64dcdec3, 0x64970d4f, 0x64516c2e, 0x640bfb41, 0x63c6ba64, 0x6381a978, 0x633cc85b, 0x62f816eb,
    0x62b39509, 0x626f4292, 0x622b1f66, 0x61e72b65, 0x61a3666d, 0x615fd05e, 0x611c6919, 0x60d9307b,
    0x60962665, 0x60534ab7, 0x60109d51, 0x5fce1e12, 0x5f8bccdb, 0x5f49a98c, 0x5f07b405, 0x5ec5ec26,
    0x5e8451d0, 0x5e42e4e3, 0x5e01a53f, 0x5dc092c7, 0x5d7fad59, 0x5d3ef4d7, 0x5cfe6923, 0x5cbe0a1c,
    0x5c7dd7a4, 0x5c3dd19c, 0x5bfdf7e5, 0x5bbe4a61, 0x5b7ec8f2, 0x5b3f7377, 0x5b0049d4, 0x5ac14bea,
    0x5a82799a, 0x5a43d2c6, 0x5a055751, 0x59c7071c, 0x5988e209, 0x594ae7fb, 0x590d18d3, 0x58cf7474,
    0x5891fac1, 0x5854ab9b, 0x581786e6, 0x57da8c83, 0x579dbc57, 0x57611642, 0x57249a29, 0x56e847ef,
    0x56ac1f75, 0x567020a0, 0x56344b52, 0x55f89f70, 0x55bd1cdb, 0x5581c378, 0x55469329, 0x550b8bd4,
    0x54d0ad5a, 0x5495f7a1, 0x545b6a8b, 0x542105fd, 0x53e6c9da, 0x53acb607, 0x5372ca68, 0x533906e0,
    0x52ff6b55, 0x52c5f7aa, 0x528cabc3, 0x52538786, 0x521a8ad7, 0x51e1b59a, 0x51a907b4, 0x5170810b,
    0x51382182, 0x50ffe8fe, 0x50c7d765, 0x508fec9c, 0x50582888, 0x50208b0e, 0x4fe91413, 0x4fb1c37c,
    0x4f7a9930, 0x4f439514, 0x4f0cb70c, 0x4ed5ff00, 0x4e9f6cd4, 0x4e69006e, 0x4e32b9b4, 0x4dfc988c,
    0x4dc69cdd, 0x4d90c68b, 0x4d5b157e, 0x4d25899c, 0x4cf022ca, 0x4cbae0ef, 0x4c85c3f1, 0x4c50cbb8,
    0x4c1bf829, 0x4be7492b, 0x4bb2bea5, 0x4b7e587e, 0x4b4a169c, 0x4b15f8e6, 0x4ae1ff43, 0x4aae299b,
    0x4a7a77d4, 0x4a46e9d6, 0x4a137f88, 0x49e038d0, 0x49ad1598, 0x497a15c4, 0x4947393f, 0x49147fee,
    0x48e1e9ba, 0x48af768a, 0x487d2646, 0x484af8d6, 0x4818ee22, 0x47e70611, 0x47b5408c, 0x47839d7b,
    0x47521cc6, 0x4720be55, 0x46ef8210, 0x46be67e0, 0x468d6fae, 0x465c9961, 0x462be4e2, 0x45fb521a,
    0x45cae0f2, 0x459a9152, 0x456a6323, 0x453a564d, 0x450a6abb, 0x44daa054, 0x44aaf702, 0x447b6ead,
    0x444c0740, 0x441cc0a3, 0x43ed9ac0, 0x43be957f, 0x438fb0cb, 0x4360ec8d, 0x433248ae, 0x4303c518,
    0x42d561b4, 0x42a71e6c, 0x4278fb2b, 0x424af7da, 0x421d1462, 0x41ef50ae, 0x41c1aca7, 0x41942839,
    0x4166c34c, 0x41397dcc, 0x410c57a2, 0x40df50b8, 0x40b268fa, 0x4085a051, 0x4058f6a8, 0x402c6be9,
};

/* 2^(15 + gain / 256), rounded; docs/FORMAT.md, section 6. No such number lies near a tie, so 31 bits are enough. */
static uint16_t factor_of(int32_t gain)
{
    uint32_t below = (uint32_t)-gain, shift = 16 + below / 256;
    return (uint16_t)((powers[below % 256] + ((uint64_t)1 << (shift - 1))) >> shift);
}

/* Fill in the factors of a level in sixteenths, which may lie between two. */
static aecodec_status find_factors(const aecodec_bundle *bundle, uint32_t units, coding_level *level)
{
    size_t dimension = level->codec.code_dimension, n;
    int32_t part = (int32_t)(units % LEVEL_UNITS);
    const int16_t *low = bundle->gains + (units / LEVEL_UNITS - 1) * dimension;
    const int16_t *high = part ? low + dimension : low;
    level->factors = malloc(dimension * sizeof *level->factors);
    if (!level->factors) {
        return AECODEC_NO_MEMORY;
    }
    for (n = 0; n < dimension; n++) {
        int32_t sum = (LEVEL_UNITS - part) * low[n] + part * high[n]; /* at most 0 */
        level->factors[n] = factor_of(-((LEVEL_UNITS - 1 - sum) / LEVEL_UNITS)); /* rounded down */
    }
    level->codec.factors = level->factors;
    return AECODEC_OK;
}

uint32_t default_units(const aecodec_bundle *bundle)
{
    return bundle->facts.default_level * LEVEL_UNITS;
}

int has_level(const aecodec_bundle *bundle, uint32_t units)
{
    return units >= LEVEL_UNITS && units <= bundle->facts.levels * LEVEL_UNITS &&
           (units % LEVEL_UNITS == 0 || bundle->facts.has_gains);
}

aecodec_status level_open(const aecodec_bundle *bundle, uint32_t units, coding_level *level)
{
    const level_tables *tables = &bundle->tables[(units + LEVEL_UNITS / 2) / LEVEL_UNITS - 1];
    if (!tables->is_present) {
        return AECODEC_ABSENT;
    }
    level->codec = tables->codec;
    level->codec.level = (uint8_t)units;
    level->codec.is_default = units == default_units(bundle);
    level->factors = NULL;
    return bundle->facts.has_gains ? find_factors(bundle, units, level) : AECODEC_OK;
}

void level_close(coding_level *level)
{
    free(level->factors);
}
