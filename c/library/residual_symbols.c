/* SPDX-License-Identifier: Apache-2.0 */
/* The distributions of samples, and coding their symbols (FORMAT, section 8). */
#include "residuals.h"

enum {
    MOST_SYMBOL = 511, /* symbols beyond are escapes */
    LENGTH_BITS = 6,   /* of the number of bits of an escape */
    MOST_LENGTH = 35,
    RAW_BITS = 16,     /* coded at once */
    FINE_SCALE = 5,    /* symbols of scales above 2^5 steps lose their lowest bits, which follow as they are */
    LEAST_LOG_SCALE = -6 * 16,
    MOST_LOG_SCALE = 33 * 16,
    FARTHEST = (16 << 10) - 1,
    BETWEEN_BITS = 5,
    TOTAL = 1 << AECODEC_CODER_BITS
};

#define MOST_OFFSET ((int64_t)1 << 44)

/* ---- the distribution of a sample ---- */

/* 2^(15 - n / 16), rounded, times 4, which turns 8 binary places into 10. */
static const int32_t factors[16] = {131072, 125516, 120192, 115096, 110216, 105544, 101072, 96784,
                                    92680,  88752,  84988,  81388,  77936,  74632,  71468,  68436};

residual_distribution aecodec_residual_distribution_of(const residual_network *network, int64_t mean, int32_t log_scale,
                                                       int64_t step, int step_log2, const int64_t limits[2])
{
    const int64_t half = step / 2;
    residual_distribution d;
    log_scale = (int32_t)residual_clip(log_scale - 2 * step_log2, LEAST_LOG_SCALE, MOST_LOG_SCALE);
    d.network = network;
    d.centre = residual_clip((mean + 128) >> RESIDUAL_MEAN_BITS, limits[0], limits[1]);
    d.offset = residual_clip(residual_divide(d.centre * 256 - mean, step), -MOST_OFFSET, MOST_OFFSET);
    d.low_bits = (int)residual_clip((log_scale >> RESIDUAL_SCALE_BITS) - FINE_SCALE, 0, MOST_LOG_SCALE);
    d.factor = factors[log_scale & 15];
    d.shift = 15 + (log_scale >> RESIDUAL_SCALE_BITS);
    d.least = -((d.centre - limits[0] + half) / step);
    d.most = (limits[1] - d.centre + half) / step;
    d.lowest = (int32_t)residual_clip(d.least >> d.low_bits, -MOST_SYMBOL, 0);
    d.highest = (int32_t)residual_clip(d.most >> d.low_bits, 0, MOST_SYMBOL);
    return d;
}

/* Frequency of all symbols below one, of 2^24. */
static uint32_t cumulative_of(const residual_distribution *d, int32_t symbol)
{
    const int64_t steps = ((int64_t)symbol * ((int64_t)256 << d->low_bits)) - 128 + d->offset;
    const int64_t place = residual_clip((steps * d->factor) >> d->shift, -FARTHEST, FARTHEST);
    const int32_t distance = (int32_t)(place < 0 ? -place : place), between = distance & ((1 << BETWEEN_BITS) - 1);
    const int32_t *shape = d->network->shape + (distance >> BETWEEN_BITS), number = d->highest - d->lowest + 1;
    int64_t mass = shape[0] + (((int64_t)(shape[1] - shape[0]) * between) >> BETWEEN_BITS);
    if (symbol <= d->lowest) {
        return 0;
    }
    if (symbol > d->highest) {
        return TOTAL;
    }
    mass = place < 0 ? TOTAL - mass : mass;
    return (uint32_t)(((mass * (TOTAL - number)) >> AECODEC_CODER_BITS) + symbol - d->lowest);
}

/* ---- symbols ---- */

/* Code some bits as they are. */
static uint64_t code_raw(range_coder *c, uint64_t number, int bits)
{
    uint64_t coded = 0;
    while (bits) {
        const int now = bits < RAW_BITS ? bits : RAW_BITS, shift = AECODEC_CODER_BITS - now;
        uint32_t part;
        bits -= now;
        part = is_decoder(c) ? point_of(c) >> shift : (uint32_t)(number >> bits) & ((1u << now) - 1);
        narrow_to(c, part << shift, 1u << shift);
        coded = coded << now | part;
    }
    return coded;
}

/* Code how far a symbol is beyond the last one. In a decoder, the excess is negative. */
static int64_t code_escape(range_coder *c, int64_t excess)
{
    int bits = 0;
    while (excess >= (int64_t)1 << bits) {
        bits++;
    }
    bits = (int)code_raw(c, (uint64_t)bits, LENGTH_BITS);
    if (bits > MOST_LENGTH) {
        c->status = AECODEC_DAMAGED;
        return 0;
    }
    excess = (int64_t)code_raw(c, (uint64_t)excess, bits);
    if (bits && !(excess >> (bits - 1))) { /* fewer bits would have done */
        c->status = AECODEC_DAMAGED;
    }
    return excess;
}

/* A symbol near the one whose frequencies contain a point. */
static int32_t near_symbol(const residual_distribution *d, uint32_t point)
{
    const int32_t mass = (int32_t)point - TOTAL / 2, part = (mass < 0 ? -1 - mass : mass) / RESIDUAL_MASS;
    const int64_t place = mass < 0 ? -d->network->places[part] : d->network->places[part];
    const int64_t steps = place * ((int64_t)1 << d->shift) / d->factor + 128 - d->offset;
    return (int32_t)residual_clip(steps >> (8 + d->low_bits), d->lowest, d->highest);
}

/* Find the symbol whose frequencies contain a point: go away from one that is near, then halve. */
static int32_t find_symbol(const residual_distribution *d, uint32_t point, uint32_t *start, uint32_t *stop)
{
    int32_t low = near_symbol(d, point), high = low, stride = 1;
    *start = *stop = cumulative_of(d, low);
    while (*stop <= point) {
        low = high;
        *start = *stop;
        high = high + stride < d->highest ? high + stride : d->highest + 1;
        *stop = cumulative_of(d, high);
        stride *= 2;
    }
    while (*start > point) {
        high = low;
        *stop = *start;
        low = low - stride > d->lowest ? low - stride : d->lowest;
        *start = cumulative_of(d, low);
        stride *= 2;
    }
    while (high - low > 1) {
        const int32_t middle = low + (high - low) / 2;
        const uint32_t before = cumulative_of(d, middle);
        if (before <= point) {
            low = middle;
            *start = before;
        } else {
            high = middle;
            *stop = before;
        }
    }
    return low;
}

int64_t aecodec_residual_steps_code(range_coder *c, const residual_distribution *d, int64_t steps)
{
    const int32_t symbol = (int32_t)residual_clip(steps >> d->low_bits, -MOST_SYMBOL, MOST_SYMBOL);
    uint32_t start, stop;
    int64_t coded = symbol;
    if (is_decoder(c)) {
        coded = find_symbol(d, point_of(c), &start, &stop);
    } else {
        start = cumulative_of(d, symbol);
        stop = cumulative_of(d, symbol + 1);
    }
    narrow_to(c, start, stop - start);
    if (coded == MOST_SYMBOL) {
        coded += code_escape(c, (steps >> d->low_bits) - MOST_SYMBOL);
    } else if (coded == -MOST_SYMBOL) {
        coded -= code_escape(c, -MOST_SYMBOL - (steps >> d->low_bits));
    }
    coded = coded * ((int64_t)1 << d->low_bits) + (int64_t)code_raw(c, (uint64_t)steps, d->low_bits);
    if (coded < d->least || coded > d->most) {
        c->status = AECODEC_DAMAGED;
        return 0;
    }
    return coded;
}
