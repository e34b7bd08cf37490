/* SPDX-License-Identifier: Apache-2.0 */
/* The distribution of a sample: a mixture of normal distributions around the mean (FORMAT, section 8).
 * Private. */
#pragma once

#include <string.h>

#include "adaptive/adaptive_numbers.h"

enum {
    COMPONENTS = 4,       /* with 1/2, 1, 2 and 8 times the scale */
    WIDE = 1,             /* the component whose weight is what the others leave */
    TAIL_PLACES = 640,    /* every 1/16 scale */
    Z_BITS = 8,           /* of places between the edges of symbols, in 2^-8 scales */
    SHAPES = 40,          /* contexts of the weights */
    WEIGHT_BITS = 15,
    FINE_WEIGHT_BITS = 23,
    LEAST_WEIGHT = 838,
    FEW = 192,
    SLOWEST = 164, /* weights learn at a rate of 1 / (8 + n), and then 164 / 2^15 */
    MOST_SYMBOL = 511,    /* symbols beyond are escapes */
    FINE_SCALE = 5, /* symbols of scales above 2^5 steps lose their lowest bits, which follow as they are */
    TOTAL_BITS = 24
};

#define CERTAIN 65534u                /* probability 1 of a component */
#define TOTAL (1u << TOTAL_BITS)

typedef struct {
    int32_t tails[TAIL_PLACES + 1][COMPONENTS]; /* probability beyond each place, of 65534 */
} adaptive_tails;

typedef struct {
    int32_t weights[SHAPES][COMPONENTS]; /* 2^-23 */
    uint8_t seen[SHAPES];
} adaptive_shapes;

/* The symbols of a sample are numbers of steps from the centre, without their lowest bits. */
typedef struct {
    const adaptive_tails *tails;
    int32_t weights[COMPONENTS]; /* 2^-15 */
    int64_t start, width; /* the lower edge of symbol 0, relative to the mean, and the width, in 2^-8 */
    uint32_t factor;             /* from 2^-8 to 2^-8 scales, in 2^-shift */
    int shift;
    int32_t lowest, highest;     /* symbols */
    int low_bits;
} adaptive_distribution;

/* An edge between symbols: the probability of what is below, by component and together. */
typedef struct {
    int32_t components[COMPONENTS]; /* of 65534 */
    uint32_t below;                 /* of 2^24 */
} adaptive_edge;

static inline void open_tails(adaptive_tails *t)
{
    /* 65534 times the probability that a normal variable exceeds 0, 1/16, 2/16, ... 5 */
    static const uint16_t normal[82] = {
        32767, 31134, 29507, 27894, 26298, 24728, 23188, 21684, 20220, 18801, 17431, 16114, 14852, 13648,
        12503, 11419, 10397, 9437,  8539,  7701,  6924,  6204,  5542,  4934,  4378,  3872,  3413,  2998,
        2625,  2291,  1992,  1726,  1491,  1284,  1101,  942,   801,   680,   575,   484,   407,   341,
        284,   236,   195,   160,   132,   107,   88,    71,    58,    47,    38,    30,    24,    19,
        15,    12,    9,     7,     6,     4,     3,     3,     2,     2,     1,     1,     1,     1,
        0};
    static const uint8_t paces[COMPONENTS] = {16, 8, 4, 1}; /* in 1/128 scale of the component */
    for (uint32_t place = 0; place <= TAIL_PLACES; place++) {
        for (uint32_t n = 0; n < COMPONENTS; n++) {
            const uint32_t at = place * paces[n] < 80 * 8 ? place * paces[n] : 80 * 8;
            const int32_t near = normal[at >> 3], far = normal[(at >> 3) + 1];
            t->tails[place][n] = near + (((far - near) * (int32_t)(at & 7)) >> 3);
        }
    }
}

static inline void open_shapes(adaptive_shapes *s)
{
    static const int32_t first[COMPONENTS] = {1582756, 5539645, 1107929, 158278};
    for (uint32_t n = 0; n < SHAPES; n++) {
        memcpy(s->weights[n], first, sizeof first);
        s->seen[n] = 0;
    }
}

/* 2^(15 - n / 16), rounded. */
static const uint16_t sixteenths[16] = {32768, 31379, 30048, 28774, 27554, 26386, 25268, 24196,
                                        23170, 22188, 21247, 20347, 19484, 18658, 17867, 17109};

/* Set what depends on the scale: its logarithm to base 2 in sixteenths, in 2^-8. */
AECODEC_INLINE void set_scale(adaptive_distribution *d, const int32_t weights[COMPONENTS], int32_t log_scale)
{
    int32_t rest = 1 << WEIGHT_BITS;
    d->factor = sixteenths[log_scale & 15];
    d->shift = 15 - Z_BITS + (log_scale >> 4);
    for (int32_t n = 0; n < COMPONENTS; n++) {
        d->weights[n] = weights[n] >> (FINE_WEIGHT_BITS - WEIGHT_BITS);
        rest -= d->weights[n];
    }
    d->weights[WIDE] += rest;
}

AECODEC_INLINE adaptive_edge edge_below(const adaptive_distribution *d, int32_t symbol)
{
    const int64_t x = d->start + symbol * d->width;
    const uint64_t product = (uint64_t)(x < 0 ? -x : x) * d->factor;
    const uint64_t far = product >> d->shift;
    const uint32_t z = (uint32_t)(far < TAIL_PLACES * 16 - 1 ? far : TAIL_PLACES * 16 - 1);
    const int32_t *tail = d->tails->tails[z >> 4], part = (int32_t)(z & 15);
    const uint32_t number = (uint32_t)(d->highest - d->lowest + 1);
    adaptive_edge e;
    uint32_t mass = 0;
    for (int n = 0; n < COMPONENTS; n++) {
        const int32_t beyond = tail[n] - (((tail[n] - tail[n + COMPONENTS]) * part) >> 4);
        e.components[n] = x < 0 ? beyond : (int32_t)CERTAIN - beyond;
        mass += (uint32_t)e.components[n] * (uint32_t)d->weights[n];
    }
    e.below = (uint32_t)((uint64_t)mass * (TOTAL - number) >> 31) + (uint32_t)(symbol - d->lowest);
    e.below = symbol <= d->lowest ? 0 : symbol > d->highest ? TOTAL : e.below;
    return e;
}

/* Learn from the edges of the symbol that occurred: weights approach their share in its probability. */
AECODEC_INLINE void learn_shape(adaptive_shapes *s, int32_t context, const adaptive_distribution *d,
                                const adaptive_edge *start, const adaptive_edge *stop)
{
    int32_t *weights = s->weights[context], rest = 1 << FINE_WEIGHT_BITS;
    const int32_t seen = s->seen[context], rate = seen < FEW ? (1 << 15) / (seen + 8) : SLOWEST;
    uint32_t shares[COMPONENTS], sum = 0, reciprocal;
    for (int32_t n = 0; n < COMPONENTS; n++) {
        shares[n] = (uint32_t)(stop->components[n] - start->components[n]) * (uint32_t)d->weights[n] >> 1;
        sum += shares[n];
    }
    int shift = bits_in(sum) - 15;
    if (shift < -8) { /* too improbable to tell components apart */
        return;
    }
    s->seen[context] = (uint8_t)(seen < 200 ? seen + 1 : seen);
    reciprocal = (1u << 29) / (uint32_t)scale_by(sum, -shift);
    for (int32_t n = 0; n < COMPONENTS; n++) {
        const int32_t share = (int32_t)((uint32_t)scale_by(shares[n], -shift) * reciprocal >> 14);
        weights[n] += ((share - d->weights[n]) * rate) >> 7;
        weights[n] = weights[n] < LEAST_WEIGHT ? LEAST_WEIGHT : weights[n];
        rest -= weights[n];
    }
    weights[WIDE] += rest;
    if (weights[WIDE] < LEAST_WEIGHT) { /* shrink the others */
        for (int32_t n = 0; n < COMPONENTS; n++) {
            if (n != WIDE) {
                weights[WIDE] += weights[n] >> 4;
                weights[n] -= weights[n] >> 4;
            }
        }
    }
}
