/* SPDX-License-Identifier: Apache-2.0 */
/* Coding the number of steps from the centre to a value: copies, decisions, symbols (FORMAT, section 8).
 * Private. */
#pragma once

#include "adaptive/adaptive_decisions.h"
#include "adaptive/adaptive_distribution.h"

enum {
    RAW_BITS = 16, LENGTH_BITS = 6, MOST_LENGTH = 33,
    LIKELY_COPY = 19661,     /* 0.3 in 2^-16 */
    SURE_COPY = 62259,       /* 0.95, where the centre is likely */
    LIKELY_CENTRE = 6554,    /* 0.1 in 2^-16 */
    MOST_DECIDED = 4         /* magnitudes from here on are coded by the distribution */
};

/* Symbols that copies have excluded, in ascending order, and the frequencies that remain. */
typedef struct {
    uint32_t start[2], stop[2], total;
    int count;
} adaptive_exclusion;

/* ---- with the range coder ---- */

AECODEC_INLINE uint64_t code_raw(range_coder *c, uint64_t number, int bits)
{
    uint64_t coded = 0;
    while (bits) {
        const int now = bits < RAW_BITS ? bits : RAW_BITS, shift = AECODEC_CODER_BITS - now;
        bits -= now;
        uint32_t part = is_decoder(c) ? point_of(c) >> shift : (uint32_t)(number >> bits) & ((1u << now) - 1);
        narrow_to(c, part << shift, 1u << shift);
        coded = coded << now | part;
    }
    return coded;
}

/* Code how far a symbol is beyond the last one. In a decoder, the excess is negative. */
static inline int64_t code_escape(range_coder *c, int64_t excess)
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

/* ---- symbols ---- */

/* Find the symbol at least `low` and below `high` whose frequencies contain a point: go away from an end,
 * then halve. */
static inline int32_t find_symbol(const adaptive_distribution *d, uint32_t point, int32_t low, int32_t high,
                                  int upwards, int32_t stride)
{
    int32_t near = upwards ? low : high, far;
    for (;;) {
        far = upwards ? near + stride : near - stride;
        if (upwards ? far >= high : far <= low) {
            break;
        }
        if (upwards ? edge_below(d, far).below > point : edge_below(d, far).below <= point) {
            break;
        }
        near = far;
        stride *= 2;
    }
    if (upwards) {
        low = near, high = far < high ? far : high;
    } else {
        high = near, low = far > low ? far : low;
    }
    while (high - low > 1) {
        const int32_t middle = low + (high - low) / 2;
        if (edge_below(d, middle).below <= point) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Frequencies below a place, without those of excluded symbols. */
AECODEC_INLINE uint32_t without(const adaptive_exclusion *x, uint32_t place)
{
    uint32_t left = place;
    for (int n = 0; n < x->count; n++) {
        left -= place >= x->stop[n] ? x->stop[n] - x->start[n] : 0;
    }
    return left;
}

static inline void exclude(adaptive_exclusion *x, uint32_t start, uint32_t stop)
{
    const int last = x->count && x->start[0] < start ? 1 : 0;
    if (!last) {
        x->start[1] = x->start[0], x->stop[1] = x->stop[0];
    }
    x->start[last] = start, x->stop[last] = stop;
    x->total -= stop - start;
    x->count++;
}

/* Code a symbol by frequencies. zero, one: the edges of symbol 0. */
static inline int32_t code_symbol(range_coder *c, const adaptive_distribution *d, const adaptive_exclusion *x,
                                  const adaptive_edge *zero, const adaptive_edge *one, int32_t stride,
                                  int32_t symbol, adaptive_edge *start, adaptive_edge *stop)
{
    const uint64_t scale = x->count ? c->range / x->total : c->range >> TOTAL_BITS;
    if (is_decoder(c)) {
        uint32_t point = place_of(c, scale, x->total);
        for (int n = 0; n < x->count; n++) {
            point += point >= x->start[n] ? x->stop[n] - x->start[n] : 0;
        }
        symbol = point < zero->below ? find_symbol(d, point, d->lowest, 0, 0, stride)
               : point < one->below ? 0 : find_symbol(d, point, 1, d->highest + 1, 1, stride);
    }
    *start = edge_below(d, symbol);
    *stop = edge_below(d, symbol + 1);
    narrow_by(c, scale, without(x, start->below), stop->below - start->below);
    return symbol;
}
